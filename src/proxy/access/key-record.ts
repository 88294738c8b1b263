/**
 * A key as it is configured: its hash, whose it is, and what it may do.
 */
import * as z from "zod";
import { ToolscriptError } from "../../errors.ts";
import { KEY_HASH } from "./api-key.ts";

const count = z.int().min(0).max(1_000_000_000);

const recordSchema = z.strictObject({
  /** Shown in logs. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/, "expected 1 to 64 letters, digits, and . _ @ - inside"),
  /** SHA-256 of the key. */
  sha256: z.string().regex(KEY_HASH, "expected 64 hexadecimal digits in lower case"),
  /** ISO 8601; from then on the key is refused. */
  expiresAt: z.iso.datetime({ offset: true }).optional(),
  /** Names of models, `*` for any characters. @default every model */
  models: z.array(z.string().min(1)).min(1).optional(),
  limits: z
    .strictObject({
      requestsPerMinute: count.min(1).optional(),
      maxConcurrentRequests: count.min(1).optional(),
      /** 0: no code execution. */
      maxContainers: count.optional(),
      maxRunningScripts: count.min(1).optional(),
    })
    .optional(),
  /** For people. */
  createdAt: z.iso.datetime({ offset: true }).optional(),
});

const fileSchema = z.strictObject({ keys: z.array(recordSchema) });

/** A configured key. */
export type KeyRecord = z.infer<typeof recordSchema>;

/**
 * Reads the JSON of a keys file.
 *
 * @param source - what is read, for the error: `keys file "keys.json"`
 * @throws {ToolscriptError} `invalid-argument`; the message never holds a value of the file
 */
export function parseKeyRecords(text: string, source: string): KeyRecord[] {
  const parsed = fileSchema.safeParse(parseJson(text, source));
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw invalid(source, issues.slice(0, 5).join("; "));
  }
  checkUnique(parsed.data.keys, source);
  return parsed.data.keys;
}

/** @throws {ToolscriptError} `invalid-argument` when two keys have one name or one hash */
export function checkUnique(records: readonly KeyRecord[], source: string): void {
  for (const field of ["name", "sha256"] as const) {
    const seen = new Set<string>();
    for (const record of records) {
      if (seen.has(record[field])) {
        throw invalid(source, `two keys have the same ${field}; one is named "${record.name}"`);
      }
      seen.add(record[field]);
    }
  }
}

/** The text of a keys file. */
export function formatKeyRecords(records: readonly KeyRecord[]): string {
  return `${JSON.stringify({ keys: records }, null, 2)}\n`;
}

/** The parser's own message quotes the text, which may hold what is secret. */
function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid(source, "it is not valid JSON");
  }
}

function invalid(source: string, reason: string): ToolscriptError {
  return new ToolscriptError("invalid-argument", `Reading the ${source} failed: ${reason}`);
}
