/**
 * The models that the command line knows by name: `bedrock:ID`, `anthropic:NAME`, `scripted:FILE`.
 *
 * An adapter is only loaded when it is asked for; its packages are the user's to install.
 */
import type { Model } from "../model/model.ts";
import { UsageError } from "./failure.ts";
import { loadUserScenario } from "./load-user-scenario.ts";

/** What the command line says about the model, beside its name. */
export interface ModelOptions {
  /** Address of the service, in place of its usual one. */
  readonly modelUrl?: string;
  /** AWS region, in place of the one that the environment names. */
  readonly region?: string;
}

type ModelFactory = (name: string, options: ModelOptions) => Promise<Model>;

const MODELS: Readonly<Record<string, ModelFactory>> = {
  bedrock: async (name, { modelUrl, region }) => {
    const { bedrock } = await import("../model/bedrock/bedrock.ts");
    return bedrock(name, {
      ...(modelUrl !== undefined && { endpoint: modelUrl }),
      ...(region !== undefined && { region }),
    });
  },
  anthropic: async (name, { modelUrl }) => {
    const { anthropic } = await import("../model/anthropic/anthropic.ts");
    return anthropic(name, modelUrl === undefined ? {} : { baseUrl: modelUrl });
  },
  scripted: async (file) => {
    const { scripted } = await import("../model/scripted/scripted.ts");
    return scripted(await loadUserScenario(file), { name: file });
  },
};

/** Makes the model of that name. @throws {UsageError} when the name is no model, or its options do not fit */
export async function resolveModel(name: string, options: ModelOptions = {}): Promise<Model> {
  const [, kind = "", id = ""] = /^([a-z]+):(.+)$/.exec(name) ?? [];
  const create = Object.hasOwn(MODELS, kind) ? MODELS[kind] : undefined;
  if (create !== undefined) return await create(id, options);
  throw new UsageError(
    `Cannot use the model "${name}": wanted "bedrock:ID", "anthropic:NAME" or "scripted:FILE"`,
  );
}
