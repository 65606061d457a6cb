import type { ServerOptions } from '@grpc/grpc-js';
import type { LedgerMethod } from '../service/ledger.js';
import type { StageRegistryKind } from './stage-registry.js';

/** What a stage is made of. */
export interface StageSetting {
  /** Of each kind; default 3. */
  readonly nodes?: number;
  /** Default `dev-agent`. */
  readonly registry?: StageRegistryKind;
  /** Called in turn; default `read` and `write`. */
  readonly methods?: readonly LedgerMethod[];
  /** grpc-js's, for the servers; default none. */
  readonly channelOptions?: ServerOptions;
  /** The first node of each kind is in a network of its own, whose link can be taken away; default false. */
  readonly ownNetwork?: boolean;
  /** Addresses where nobody listens, which clients without a registry have among the others; default 0. */
  readonly deadAddresses?: number;
}

/** What clients call unless a stage says otherwise. */
export const UNARY_METHODS: readonly LedgerMethod[] = ['read', 'write'];
