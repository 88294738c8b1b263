/**
 * The address that a server listens on. A server that only this machine may use opens no other address than this
 * machine's own, so that nothing has to tell who is at the other end.
 */
import { lookup } from "node:dns/promises";
import { ToolscriptError, toErrorMessage } from "../../errors.ts";
import { isLoopbackAddress } from "../../http/local-request.ts";

/** The address of a host. @throws {ToolscriptError} `invalid-argument` when it is none for this server */
export async function findListenAddress(host: string, isLocal: boolean): Promise<string> {
  if (!isLocal) return host;
  const address = await findAddress(host);
  if (isLoopbackAddress(address)) return address;
  throw new ToolscriptError(
    "invalid-argument",
    `Listening on "${host}" failed: without API keys only this machine may connect, and other machines reach that address; make a key with "toolscript keys add NAME --file keys.json" and pass "--keys keys.json", or leave out "--host"`,
  );
}

async function findAddress(host: string): Promise<string> {
  if (host === "") return "::";
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    const message = `Listening on "${host}" failed: ${toErrorMessage(cause)}`;
    throw new ToolscriptError("invalid-argument", message, { cause });
  }
}
