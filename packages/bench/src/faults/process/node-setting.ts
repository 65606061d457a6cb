import type { ServerOptions } from '@grpc/grpc-js';

/** What a node's process is started with, as JSON in its one argument. */
export interface NodeSetting {
  /** Whether it is a micromesh server or a plain grpc-js one. */
  readonly kind: 'mesh' | 'plain';
  readonly id: string;
  /** `host:port` */
  readonly listen: string;
  /** Where it enters itself; undefined: somebody else enters it, or nobody. */
  readonly registry?: string | undefined;
  readonly effectsFile: string;
  /** grpc-js's, for its server. */
  readonly channelOptions: ServerOptions;
}
