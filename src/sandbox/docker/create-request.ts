/**
 * The body of a create request, as far as the sandbox writes it: every field of the hardened container, no other.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate
 */

/** What a container is made from. */
export interface CreateRequest {
  Image: string;
  Entrypoint: string[];
  Cmd: string[];
  User: string;
  WorkingDir: string;
  Hostname: string;
  Domainname: string;
  /** `NAME=value`. */
  Env: string[];
  AttachStdin: boolean;
  AttachStdout: boolean;
  AttachStderr: boolean;
  OpenStdin: boolean;
  StdinOnce: boolean;
  Tty: boolean;
  NetworkDisabled: boolean;
  Healthcheck: { Test: string[] };
  StopSignal: string;
  Labels: Record<string, string>;
  HostConfig: HostConfig;
}

/** How the daemon runs it. */
export interface HostConfig {
  AutoRemove: boolean;
  RestartPolicy: { Name: string; MaximumRetryCount: number };
  LogConfig: { Type: string; Config: Record<string, string> };
  Init: boolean;
  Runtime?: string;
  NetworkMode: string;
  Privileged: boolean;
  CapAdd: string[];
  CapDrop: string[];
  SecurityOpt: string[];
  Devices: never[];
  GroupAdd: string[];
  PidMode: string;
  UTSMode: string;
  UsernsMode: string;
  IpcMode: string;
  CgroupnsMode: string;
  PublishAllPorts: boolean;
  ReadonlyRootfs: boolean;
  Binds: string[];
  VolumesFrom: string[];
  /** Options by folder. */
  Tmpfs: Record<string, string>;
  /** Bytes. */
  ShmSize: number;
  /** Bytes. */
  Memory: number;
  /** Bytes, `Memory` included. */
  MemorySwap: number;
  /** Billionths of a processor. */
  NanoCpus: number;
  PidsLimit: number;
  OomKillDisable: boolean;
  OomScoreAdj: number;
  Ulimits: { Name: string; Soft: number; Hard: number }[];
}
