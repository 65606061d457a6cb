import { type Agent, request } from 'node:http';

/** One request to an agent. */
export interface Question {
  readonly method: 'GET' | 'PUT' | 'DELETE' | 'POST';
  /** From `/v1` on, with the query. */
  readonly path: string;
  /** A string goes as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an agent answered. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Asks an agent at `host:port`. */
export function ask(
  address: string,
  question: Question,
  agent?: Agent,
  signal?: AbortSignal,
): Promise<Reply> {
  const { method, path, body, headers = {} } = question;
  return new Promise((resolve, reject) => {
    const colon = address.lastIndexOf(':');
    const sent = request(
      {
        host: address.slice(0, colon),
        port: address.slice(colon + 1),
        method,
        path,
        headers,
        agent: agent ?? false,
        ...(signal === undefined ? {} : { signal }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body));
  });
}

/** Asks for JSON. */
export async function askJson(address: string, path: string): Promise<unknown> {
  return JSON.parse((await ask(address, { method: 'GET', path })).body);
}

/** The index of an answer; undefined where it has none. */
export function indexOf(reply: Reply): number | undefined {
  const text = reply.headers['x-consul-index'];
  return typeof text === 'string' ? Number(text) : undefined;
}
