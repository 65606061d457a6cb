import type { CallWords } from './explained-call.js';

/** What `micromesh explain` is told beside its two arguments. */
export interface ExplainOptions extends Omit<CallWords, 'service' | 'method'> {
  /** The HTTP gateway that gets the request: the arguments are its host and its path then. */
  readonly gateway?: string;
  /** Of that request; default GET. */
  readonly verb?: string;
  /** Files and folders. With them, no registry is asked unless it is named. */
  readonly policies?: readonly string[];
  /** As `createMesh` takes it; default, where no files are named, MICROMESH_REGISTRY, else the dev agent of this machine. */
  readonly registry?: string;
  readonly json?: boolean;
}
