import type { TypedClient } from '@micromesh/client';
import { CallError } from '@micromesh/client';
import type { Mesh } from '@micromesh/mesh';
import { afterEach, beforeEach, expect } from 'vitest';
import { type ProbeReply, type ProbeRequest, ProbeService } from './gen/probe.js';
import { shown } from './observation.js';
import { ProbeNode } from './probe-node.js';
import { request } from './scenario.js';
import { probeMesh } from './targets.js';

/** One node, a mesh that finds it, and its typed client with one try a call. */
export interface TypedProbe {
  readonly node: ProbeNode;
  readonly mesh: Mesh;
  readonly probe: TypedClient<ProbeService>;
}

/**
 * Sets one up for each test of a file. A promise that rejects unheard, or an error that nobody catches, fails the test.
 */
export function typedProbe(): TypedProbe {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  let started: TypedProbe | undefined;
  const now = () => {
    if (started === undefined) throw new Error('there is a probe only within a test');
    return started;
  };

  beforeEach(async () => {
    process.on('unhandledRejection', note);
    process.on('uncaughtException', note);
    started = await start();
  });

  afterEach(async () => {
    const { mesh, node } = now();
    await mesh.close();
    node.close();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', note);
    process.off('uncaughtException', note);
    expect(unhandled.splice(0)).toEqual([]);
  });

  return {
    get node() {
      return now().node;
    },
    get mesh() {
      return now().mesh;
    },
    get probe() {
      return now().probe;
    },
  };
}

async function start(): Promise<TypedProbe> {
  const node = await ProbeNode.start();
  const mesh = probeMesh([node.address]);
  return { node, mesh, probe: mesh.client(ProbeService, { service: 'probe', retries: 0 }) };
}

/** A stream of requests. */
export async function* requests(...texts: string[]): AsyncGenerator<ProbeRequest> {
  for (const text of texts) yield request({ text });
}

/** All replies of a stream. */
export async function all(replies: AsyncIterable<ProbeReply>): Promise<unknown[]> {
  const seen: unknown[] = [];
  for await (const reply of replies) seen.push(shown(reply));
  return seen;
}

/** The error that something ends with. */
export async function errorOf(work: Promise<unknown>): Promise<CallError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof CallError) return error;
  throw new Error(`expected a CallError, got ${String(error)}`);
}
