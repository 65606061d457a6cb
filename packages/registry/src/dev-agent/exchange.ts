/** A request as routes see it. */
export interface AgentRequest {
  readonly method: string;
  /** Decoded, from `/v1/` on. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** At most 512 KiB: the server refuses more. */
  readonly body: Buffer;
  /** Aborts when the client has gone, or the agent ends. */
  readonly gone: AbortSignal;
}

/** What goes back. */
export interface AgentAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** An answer with a JSON body. */
export function jsonAnswer(value: unknown, headers: Readonly<Record<string, string>> = {}): AgentAnswer {
  const type = { 'Content-Type': 'application/json' };
  return { status: 200, headers: { ...type, ...headers }, body: JSON.stringify(value) };
}

/** An answer of which only the status counts. */
export function emptyAnswer(status = 200, headers: Readonly<Record<string, string>> = {}): AgentAnswer {
  return { status, headers, body: '' };
}
