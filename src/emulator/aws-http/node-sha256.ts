/**
 * SHA-256 and HMAC-SHA-256 of Node as the hash constructor that `@smithy/signature-v4` asks for.
 *
 * Native, so that checking a request of megabytes costs milliseconds.
 */
import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";

type HashInput = string | ArrayBuffer | ArrayBufferView;

/** A running SHA-256, keyed (HMAC) when a secret is given. */
export class NodeSha256 {
  readonly #secret: Buffer | undefined;
  #hash: Hash | Hmac;

  constructor(secret?: HashInput) {
    this.#secret = secret === undefined ? undefined : toBuffer(secret);
    this.#hash = this.#create();
  }

  update(data: HashInput, encoding?: "utf8" | "ascii" | "latin1"): void {
    this.#hash.update(typeof data === "string" ? Buffer.from(data, encoding) : toBuffer(data));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(new Uint8Array(this.#hash.digest()));
  }

  reset(): void {
    this.#hash = this.#create();
  }

  #create(): Hash | Hmac {
    return this.#secret === undefined ? createHash("sha256") : createHmac("sha256", this.#secret);
  }
}

function toBuffer(data: HashInput): Buffer {
  if (typeof data === "string") {
    return Buffer.from(data);
  }
  return ArrayBuffer.isView(data)
    ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
    : Buffer.from(data);
}
