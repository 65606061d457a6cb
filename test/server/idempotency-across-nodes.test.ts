import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Client, Metadata, status } from '@grpc/grpc-js';
import { startConsul } from '@micromesh/cli/stage';
import { IDEMPOTENCY_KEY } from '@micromesh/core';
import { startDevAgent } from '@micromesh/registry';
import { REPLAYED } from '@micromesh/server';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { consulForTests } from '../dev-agent/consul-binary.js';
import { TEST_ALL } from '../test-all.js';
import { plainClient } from './echo.js';
import { type Answer, say, until } from './harness.js';

const found = await consulForTests();

interface Report {
  readonly address?: string;
  readonly began?: string;
  readonly effect?: string;
}

/** A server process whose keys are in the registry's key-value store. */
class KeyedNode {
  readonly reports: Report[] = [];
  readonly #child: ChildProcess;
  #client: Client | undefined;

  constructor(registry: string, workMs: number, onLostOwner: string) {
    const path = fileURLToPath(new URL('./processes/idempotent-process.mjs', import.meta.url));
    const env = { ...process.env, REGISTRY: registry, WORK_MS: String(workMs), ON_LOST_OWNER: onLostOwner };
    this.#child = fork(path, { env, execArgv: [] });
    this.#child.on('message', (report: Report) => this.reports.push(report));
  }

  get effects(): readonly string[] {
    return this.reports.flatMap(({ effect }) => (effect === undefined ? [] : [effect]));
  }

  get began(): readonly string[] {
    return this.reports.flatMap(({ began }) => (began === undefined ? [] : [began]));
  }

  async ready(): Promise<void> {
    await until(() => this.reports.length > 0, 'the server process');
    this.#client = plainClient(this.reports[0]?.address ?? '');
  }

  pay(key: string, text = key): Promise<Answer> {
    const metadata = new Metadata();
    metadata.set(IDEMPOTENCY_KEY, key);
    if (this.#client === undefined) throw new Error('not ready');
    return say(this.#client, { text }, { metadata, deadlineMs: 30_000 });
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async end(): Promise<void> {
    this.#client?.close();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exited;
  }
}

function describeNodes(
  title: string,
  startAgent: () => Promise<{ readonly address: string; stop(): Promise<void> }>,
  skip = false,
): void {
  describe.skipIf(skip)(`two nodes that share ${title}`, () => {
    let agent: { readonly address: string; stop(): Promise<void> };
    const nodes: KeyedNode[] = [];

    beforeAll(async () => {
      agent = await startAgent();
    });

    afterEach(async () => {
      await Promise.all(nodes.splice(0).map((node) => node.end()));
    });

    afterAll(async () => {
      await agent?.stop();
    });

    async function start(workMs: number, onLostOwner = 'refuse'): Promise<[KeyedNode, KeyedNode]> {
      const pair: [KeyedNode, KeyedNode] = [
        new KeyedNode(agent.address, workMs, onLostOwner),
        new KeyedNode(agent.address, workMs, onLostOwner),
      ];
      nodes.push(...pair);
      await Promise.all(pair.map((node) => node.ready()));
      return pair;
    }

    it('do not run a call twice that is sent to the other one again', async () => {
      const [one, other] = await start(0);
      const first = await one.pay('after');
      const replay = await other.pay('after');
      expect(first.reply?.text).toMatch(/^after by \d+$/);
      expect(replay.reply).toEqual(first.reply);
      expect(replay.status.metadata.get(REPLAYED)).toEqual(['true']);
      expect([...one.effects, ...other.effects]).toEqual(['after']);
      const { error } = await other.pay('after', 'something else');
      expect(error?.code).toBe(status.INVALID_ARGUMENT);
    });

    it('run a call once that both get at the same time', async () => {
      const [one, other] = await start(300);
      const answers = await Promise.all([one, other, one, other].map((node) => node.pay('at once')));
      expect(new Set(answers.map(({ reply }) => reply?.text)).size).toBe(1);
      expect([...one.effects, ...other.effects]).toEqual(['at once']);
    });

    it('refuse a call whose node was killed while it ran', async () => {
      const [one, other] = await start(60_000);
      const cut = one.pay('killed');
      await until(() => one.began.length === 1);
      one.signal('SIGKILL');
      expect((await cut).error?.code).toBe(status.UNAVAILABLE);
      const { error } = await other.pay('killed');
      expect(error).toMatchObject({
        code: status.ABORTED,
        details: expect.stringMatching(
          /^idempotency-key "killed": unknown whether it ran: the node that ran it/,
        ),
      });
      expect(other.began).toEqual([]);
    });

    it('run such a call again where they are told to', async () => {
      const [one, other] = await start(1_000, 'run');
      const cut = one.pay('again');
      await until(() => one.began.length === 1);
      one.signal('SIGKILL');
      await cut;
      expect((await other.pay('again')).reply?.text).toMatch(/^again by/);
      expect(other.effects).toEqual(['again']);
    });

    it('take the answer of a node that was frozen, and was believed dead meanwhile', async () => {
      const [one, other] = await start(500);
      const frozen = one.pay('frozen');
      await until(() => one.began.length === 1);
      one.signal('SIGSTOP');
      const early = await other.pay('frozen');
      expect(early.error?.code).toBe(status.ABORTED);
      one.signal('SIGCONT');
      const answer = await frozen;
      expect(answer.reply?.text).toMatch(/^frozen by/);
      expect((await other.pay('frozen')).reply).toEqual(answer.reply);
      expect([...one.effects, ...other.effects]).toEqual(['frozen']);
    });
  });
}

describeNodes(
  "the dev agent's keys and values",
  () => startDevAgent({ port: 0 }),
  found !== undefined && !TEST_ALL,
);
describeNodes(
  "a real Consul's keys and values",
  () => startConsul({ binary: found?.path ?? '' }),
  found === undefined,
);
