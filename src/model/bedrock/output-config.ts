/**
 * Structured outputs in the form of today, `output_config.format`, also where a client used the older `output_format`.
 */
import { isRecord } from "../is-record.ts";
import type { ModelRequest } from "../model.ts";

/** The request in today's form; the same when it is. What a client says in both forms is what the new one says. */
export function withOutputConfig(request: ModelRequest): ModelRequest {
  const { output_format: format, ...rest } = request;
  if (format === undefined) return request;
  const config = isRecord(rest["output_config"]) ? rest["output_config"] : {};
  return { ...rest, output_config: format === null ? config : { format, ...config } };
}
