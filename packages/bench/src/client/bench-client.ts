/** One way to make the call that is measured. */
export interface BenchClient {
  /** Makes one unary call. */
  call(): Promise<unknown>;
  /** Closes every connection. */
  close(): void | Promise<void>;
}

/** Makes a client for nodes at these addresses, e.g. `127.0.0.1:40123`. */
export type OpenClient = (addresses: readonly string[]) => BenchClient;

/** What every client sends. */
export const REQUEST = { name: 'xuxu', id: 'a-request-id-of-usual-length' };

/** The registry name of the nodes. */
export const SERVICE = 'hello';
