import { request } from 'node:http';
import { text } from 'node:stream/consumers';

/** What came back of an HTTP request. */
export interface HttpAnswer {
  readonly code: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly text: string;
}

/** What a test sends. */
export interface HttpSent {
  /** Default GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
}

/** One request as it is written here: fetch sets some of the headers itself, and follows redirects. */
export function send(port: number, path: string, sent: HttpSent = {}): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body } = sent;
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (response) => {
      text(response).then(
        (all) => resolve({ code: response.statusCode ?? 0, headers: response.headers, text: all }),
        reject,
      );
    });
    outgoing.on('error', reject).end(body);
  });
}
