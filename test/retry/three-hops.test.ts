import { status } from '@grpc/grpc-js';
import { silentLogger } from '@micromesh/core';
import { createMesh, type Mesh, type MeshOptions } from '@micromesh/mesh';
import { memory } from '@micromesh/registry';
import { type HandlerContext, type Handlers, RpcError } from '@micromesh/server';
import { afterEach, describe, expect, it } from 'vitest';
import { type ProbeReply, type ProbeRequest, ProbeService } from '../stubs/gen/probe.js';

const REQUEST: ProbeRequest = { text: 'a', count: 0, payload: Buffer.alloc(0), size: 0 };
const REPLY: ProbeReply = { text: 'a', count: 0, payload: Buffer.alloc(0) };

const open: Mesh[] = [];

afterEach(async () => {
  for (const mesh of open.splice(0)) await mesh.close();
});

function newMesh(defaults: NonNullable<MeshOptions['defaults']>): Mesh {
  const mesh = createMesh({ registry: memory(), logger: silentLogger, defaults });
  open.push(mesh);
  return mesh;
}

/** A service of the mesh with one node; gives the contexts of the calls that came. */
async function serve(
  mesh: Mesh,
  service: string,
  unary: (context: HandlerContext) => Promise<ProbeReply>,
): Promise<HandlerContext[]> {
  const seen: HandlerContext[] = [];
  const handlers: Handlers<ProbeService> = {
    unary: (_request, context) => {
      seen.push(context);
      return unary(context);
    },
    collect: async () => REPLY,
    list: async function* () {},
    chat: async function* () {},
  };
  await mesh
    .server(service)
    .add(ProbeService, handlers)
    .start({ drain: { lameDuckMs: 0 } });
  return seen;
}

describe('servers that call each other', () => {
  it('do not multiply retries: of three hops with four tries each the last gets ten calls, not 64', async () => {
    const mesh = newMesh({ retries: 3, backoff: { baseMs: 0 } });
    const clientOf = (service: string) => mesh.client(ProbeService, { service });
    const third = await serve(mesh, 'third', async () => {
      throw new RpcError(status.UNAVAILABLE, 'down');
    });
    const passOn = (service: string) => async () => {
      try {
        return await clientOf(service).unary(REQUEST);
      } catch {
        throw new RpcError(status.UNAVAILABLE, `${service} failed`);
      }
    };
    const second = await serve(mesh, 'second', passOn('third'));
    const first = await serve(mesh, 'first', passOn('second'));
    await expect(clientOf('first').unary(REQUEST)).rejects.toMatchObject({ code: status.UNAVAILABLE });
    const attempts = (seen: readonly HandlerContext[]) => seen.map(({ attempt }) => attempt);
    expect(attempts(first)).toEqual([1, 2, 3, 4]);
    expect(attempts(second)).toEqual([1, 2, 3, 4, 2, 3, 4]);
    expect(attempts(third)).toEqual([1, 2, 3, 4, 2, 3, 4, 2, 3, 4]);
  });
});

describe('a server that pushes back', () => {
  it('is called again after the time that its trailer says, or not at all', async () => {
    for (const [pushBack, calls] of [
      ['60', 2],
      ['-1', 1],
    ] as const) {
      const mesh = newMesh({ retries: 1 });
      const startedAt: number[] = [];
      await serve(mesh, 'busy', async ({ trailer }) => {
        startedAt.push(performance.now());
        if (startedAt.length > 1) return REPLY;
        trailer.set('grpc-retry-pushback-ms', pushBack);
        throw new RpcError(status.RESOURCE_EXHAUSTED, 'busy');
      });
      await mesh
        .client(ProbeService, { service: 'busy' })
        .unary(REQUEST)
        .catch(() => {});
      expect(startedAt).toHaveLength(calls);
      const [one = 0, other = one + 60] = startedAt;
      // The client counts from when it hears of it.
      expect(other - one).toBeGreaterThanOrEqual(59);
    }
  });
});
