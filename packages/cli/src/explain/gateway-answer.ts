import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { silentLogger } from '@micromesh/core';
import { createGateway } from '@micromesh/gateway';
import { createMesh } from '@micromesh/mesh';
import type { PolicyPlace, Resource } from '@micromesh/policy';
import type { ExplainedRequest } from './explained-request.js';

/** What a gateway answers. */
export interface GatewayAnswer {
  readonly status: number;
  /** Without those of the connection. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty: none. */
  readonly body: string;
}

/** It is in this process: whatever takes so long is a mistake. */
const ANSWER_TIMEOUT_MS = 5000;

const MAX_ROOT_BYTES = 60;

const OF_THE_CONNECTION = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
]);

/**
 * What a gateway answers to a request before any call: one is made for it, which knows no method, so that it says just what others would,
 * and 404 where those would go on to a call.
 *
 * @param resources - its policies; those in dry-run do not count.
 */
export async function gatewayAnswer(
  resources: readonly Resource[],
  gateway: string,
  request: ExplainedRequest,
): Promise<GatewayAnswer> {
  // A socket of files is nobody else's, and no loopback with names of its own.
  const folder = await mkdtemp(join(socketRoot(), 'micromesh-explain-'));
  const { labels, namespace } = request.caller;
  const mesh = createMesh({
    registry: 'memory:',
    identity: { labels, ...(namespace === undefined ? {} : { namespace }) },
    policies: [policiesOf(resources)],
    logger: silentLogger,
  });
  try {
    const path = join(folder, 'gateway');
    const running = await createGateway({ mesh, definitions: {}, name: gateway }).start({
      listen: `unix:${path}`,
    });
    try {
      return await ask(path, request);
    } finally {
      await running.close();
    }
  } finally {
    await mesh.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Systems cut the path of a socket after some hundred characters: a long TMPDIR leaves no room for it. */
function socketRoot(): string {
  const root = tmpdir();
  return Buffer.byteLength(root) > MAX_ROOT_BYTES ? '/tmp' : root;
}

/** They are read already. */
function policiesOf(resources: readonly Resource[]): PolicyPlace {
  const description = 'explain';
  return {
    description,
    open: async () => ({
      description,
      watch(listener) {
        listener({ kind: 'good', version: 'explained', resources, problems: [] });
        return () => {};
      },
      close() {},
    }),
  };
}

async function ask(
  socketPath: string,
  { host, target, headers, request: { verb } }: ExplainedRequest,
): Promise<GatewayAnswer> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
    httpRequest({
      socketPath,
      path: target,
      method: verb,
      headers: { ...headers, host },
      agent: false,
      signal,
    })
      .on('response', resolve)
      .on('error', reject)
      .end();
  });
  const body = await text(response);
  return { status: response.statusCode ?? 0, headers: shown(response.headers), body };
}

function shown(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const all = Object.entries(headers).filter(([name]) => !OF_THE_CONNECTION.has(name));
  return Object.fromEntries(all.map(([name, value]) => [name, [value ?? []].flat().join(', ')]));
}
