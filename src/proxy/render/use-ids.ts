/**
 * The two names of one script: `srvtoolu_…` for the client, `toolu_…` for the model.
 *
 * The one follows from the other, so that a history needs no table to be read again, by whichever process.
 */
import { createId } from "../ids.ts";

const CLIENT_PREFIX = "srvtoolu_";
const MODEL_PREFIX = "toolu_";
/** What services take as an id: Bedrock's Converse allows 64 characters. */
const USABLE = /^toolu_[a-zA-Z0-9_-]{1,50}$/;

/** The client's name for a call that the model named `id`; a fresh one when that cannot be used, or is taken. */
export function toClientUseId(id: string, taken: ReadonlySet<string>): string {
  const name = `srv${id}`;
  return USABLE.test(id) && !taken.has(name) ? name : createId("srvtoolu");
}

/** The model's name for the script that the client knows as `id`. */
export function toModelUseId(id: string): string {
  return id.startsWith(CLIENT_PREFIX) ? `${MODEL_PREFIX}${id.slice(CLIENT_PREFIX.length)}` : id;
}
