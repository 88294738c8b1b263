/**
 * Signature version 4 for requests that differ in nothing but their body and their time.
 *
 * All else is worked out once: a signature then costs two hashes and one HMAC, about a tenth of what a general signer
 * takes. Source: "Create a signed AWS API request" in AWS's Identity and Access Management guide.
 */
import { createHmac, hash } from "node:crypto";

/** What is the same in all copies. */
export interface SignedParts {
  readonly method: string;
  /** As it is sent, percent-encoded, without a query. */
  readonly path: string;
  /** Headers to be signed, names in lower case; with HTTP/2 `:authority` instead of `host`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials: SigningCredentials;
  readonly region: string;
  readonly service: string;
}

/** A key pair, or a temporary one with its token. */
export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** The headers that sign a copy with `body` at `time` (milliseconds since 1970). */
export type SignCopy = (body: string | Buffer, time: number) => Readonly<Record<string, string>>;

const ALGORITHM = "AWS4-HMAC-SHA256";

/** Makes the signer of all copies. */
export function createCopySigner(parts: SignedParts): SignCopy {
  const { method, path, credentials, region, service } = parts;
  const { accessKeyId, sessionToken } = credentials;
  const token: Record<string, string> =
    sessionToken === undefined ? {} : { "x-amz-security-token": sessionToken };
  const signed = { ...parts.headers, ...token };
  const names = [...Object.keys(signed), "x-amz-date"].toSorted();
  const nameList = names.join(";");
  const uri = path.split("/").map(encodeSegment).join("/");
  let day = "";
  let hmac: SigningHmac | undefined;
  return (body, time) => {
    const date = toBasicIso(time);
    if (hmac === undefined || !date.startsWith(day)) {
      day = date.slice(0, 8);
      hmac = new SigningHmac(
        toSigningKey(credentials.secretAccessKey, [day, region, service, "aws4_request"]),
      );
    }
    const scope = `${day}/${region}/${service}/aws4_request`;
    const lines = names.map((name) => `${name}:${name === "x-amz-date" ? date : signed[name]?.trim()}\n`);
    const canonical = `${method}\n${uri}\n\n${lines.join("")}\n${nameList}\n${hash("sha256", body)}`;
    const signature = hmac.sign(`${ALGORITHM}\n${date}\n${scope}\n${hash("sha256", canonical)}`);
    return {
      ...token,
      "x-amz-date": date,
      authorization: `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${nameList}, Signature=${signature}`,
    };
  };
}

function toSigningKey(secret: string, scope: readonly string[]): Buffer {
  return scope.reduce<Buffer>(
    (key, part) => createHmac("sha256", key).update(part).digest(),
    Buffer.from(`AWS4${secret}`),
  );
}

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;

/**
 * HMAC-SHA256 under one key: its two blocks are made once, and each text takes two plain hashes, which Node makes in half the
 * time that it takes to set an HMAC up. Source: RFC 2104.
 */
class SigningHmac {
  readonly #inner = Buffer.alloc(BLOCK_BYTES, 0x36);
  readonly #outer = Buffer.alloc(BLOCK_BYTES + HASH_BYTES, 0x5c);

  /** @param key of 32 bytes */
  constructor(key: Buffer) {
    for (const [at, byte] of key.entries()) {
      this.#inner.writeUInt8(byte ^ 0x36, at);
      this.#outer.writeUInt8(byte ^ 0x5c, at);
    }
  }

  /** The code of a text, in hexadecimal digits. */
  sign(text: string): string {
    const inner = hash("sha256", Buffer.concat([this.#inner, Buffer.from(text)]), "buffer");
    this.#outer.set(inner, BLOCK_BYTES);
    return hash("sha256", this.#outer);
  }
}

/** What is percent-encoded already is encoded once more: so all services but S3 want it. */
function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

let lastSecond = NaN;
let lastIso = "";

/** For example `20261122T190000Z`. */
function toBasicIso(time: number): string {
  const second = Math.floor(time / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastIso = `${new Date(time).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
  }
  return lastIso;
}
