/**
 * The request to the model when there is no code execution: the client's own, without what is the proxy's alone.
 */
import type { Model, ModelRequest } from "../../model/model.ts";
import type { Steps } from "../../turn-share.ts";
import type { ParsedRequest } from "../request/parse-request.ts";
import { toModelRequest, withBetas, withoutNull } from "./model-request.ts";

/** Makes the request. */
export function* toPlainRequest(request: ParsedRequest, model: Model): Steps<ModelRequest> {
  const { body, tools, hasCodeHistory } = request;
  if (hasCodeHistory) {
    return yield* toModelRequest(request, model, { content: [], isFirst: true });
  }
  const { model: _model, stream: _stream, container: _container, ...rest } = body;
  const sent = { ...withoutNull(rest), ...(tools.direct.length > 0 ? { tools: tools.direct } : {}) };
  return withBetas(sent, request, model);
}
