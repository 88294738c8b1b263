/**
 * Failures of the daemon, as errors of ours that say what to do. The one place that reads the daemon's wording.
 */
import { ToolscriptError, type ToolscriptErrorCode, toErrorMessage } from "../../errors.ts";
import { EngineStatusError, UnexpectedAnswerError } from "./engine-http/answer-errors.ts";

/** What was asked of the daemon when it failed. */
export interface EngineRequest {
  /** For the sentence: `Creating a container`. */
  readonly action: string;
  /** The daemon's address as a person would write it. */
  readonly address: string;
  readonly image?: string;
}

/** Turns whatever a request threw into an error with a code of ours. One of ours stays as it is. */
export function toEngineError(thrown: unknown, request: EngineRequest): ToolscriptError {
  if (thrown instanceof ToolscriptError) return thrown;
  const { code, message } = describe(thrown, request);
  const status = thrown instanceof EngineStatusError ? thrown.statusCode : null;
  return new ToolscriptError(code, message, { cause: thrown, data: { status } });
}

interface Description {
  readonly code: ToolscriptErrorCode;
  readonly message: string;
}

function describe(thrown: unknown, request: EngineRequest): Description {
  if (thrown instanceof EngineStatusError) return describeRefusal(thrown, request);
  if (thrown instanceof UnexpectedAnswerError) return describeUnexpectedAnswer(thrown, request);
  return describeNoAnswer(thrown, request);
}

function describeUnexpectedAnswer(
  { message }: UnexpectedAnswerError,
  { action, address }: EngineRequest,
): Description {
  return {
    code: "docker-failed",
    message: `${action} failed: the answer from ${address} ${message}; is a Docker daemon at that address?`,
  };
}

function describeNoAnswer(thrown: unknown, { action, address }: EngineRequest): Description {
  const systemCode = (thrown as NodeJS.ErrnoException | null)?.code;
  if (systemCode === "EACCES" || systemCode === "EPERM") {
    return {
      code: "docker-permission",
      message: `${action} failed: this user may not use the Docker daemon at ${address}; add the user to the group that owns the socket (often "docker"), or name another address with DOCKER_HOST`,
    };
  }
  return {
    code: "docker-unreachable",
    message: `${action} failed: no Docker daemon answers at ${address} (${systemCode ?? toErrorMessage(thrown)}); start it, or name its address with DOCKER_HOST`,
  };
}

function describeRefusal(
  { statusCode: status, message: said }: EngineStatusError,
  request: EngineRequest,
): Description {
  const { action, image = "" } = request;
  if (status === 404 && /no such image|image.*not found/i.test(said)) return missingImage(action, image);
  if (/executable file not found|no such file or directory/i.test(said) && /python3/.test(said)) {
    return missingPython(action, image, `it has no "python3" on its path`);
  }
  if (/exec format error/i.test(said) || (/permission denied/i.test(said) && /python3/.test(said))) {
    return missingPython(action, image, `its "python3" cannot be executed (${said})`);
  }
  if (/no space left on device|disk quota exceeded/i.test(said)) {
    return {
      code: "docker-disk-full",
      message: `${action} failed: the daemon's disk is full ("${said}"); free space there, for example with \`docker system prune\``,
    };
  }
  return {
    code: "docker-failed",
    message: `${action} failed: the Docker daemon answered "${said}" (status "${status}")`,
  };
}

function missingImage(action: string, image: string): Description {
  const local = image.startsWith("toolscript/")
    ? `make it with \`npm run image:debian\` in a checkout of Toolscript`
    : `get it with \`docker pull ${image}\`; where no registry can be reached, \`npm run image:debian\` in a checkout of Toolscript makes "toolscript/python:debian", which the option \`image\` or TOOLSCRIPT_DOCKER_IMAGE selects`;
  return {
    code: "docker-image-missing",
    message: `${action} failed: the image "${image}" is not on the daemon's machine; ${local}`,
  };
}

function missingPython(action: string, image: string, reason: string): Description {
  return {
    code: "docker-python-missing",
    message: `${action} failed: the image "${image}" cannot run scripts, ${reason}; use an image with Python 3.9 or later`,
  };
}
