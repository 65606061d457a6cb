import { type Guardian, startConsul, startConsulPart, startDevAgentPart } from '@micromesh/cli/stage';
import { expect, test } from 'vitest';
import { consulForTests } from '../dev-agent/consul-binary.js';

const consul = await consulForTests();

/** Notes what is in its care. */
class NotingGuardian implements Guardian {
  readonly watched: number[] = [];
  readonly forgotten: number[] = [];

  watch(pid: number) {
    this.watched.push(pid);
  }

  forget(pid: number) {
    this.forgotten.push(pid);
  }

  watchNetwork() {}

  watchFolder() {}

  close() {}
}

/** Also of a process that has ended and whose parent does not know it yet. */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test('a dev agent that was killed is gone, and out of the care of the guardian, once', async ({
  onTestFinished,
}) => {
  const guardian = new NotingGuardian();
  const part = await startDevAgentPart(guardian);
  onTestFinished(() => part.stop());
  const [first = 0] = guardian.watched;
  await part.kill();
  expect({ exists: exists(first), forgotten: guardian.forgotten }).toEqual({
    ...{ exists: false, forgotten: [first] },
  });
  await part.startEmpty();
  expect(await part.passing('hello')).toEqual([]);
  const [, second = 0] = guardian.watched;
  await part.stop();
  await part.stop();
  expect({ exists: exists(second), forgotten: guardian.forgotten }).toEqual({
    ...{ exists: false, forgotten: [first, second] },
  });
});

test.skipIf(consul === undefined)('a Consul that was killed is gone', async ({ onTestFinished }) => {
  const running = await startConsul({ binary: consul?.path ?? '' });
  onTestFinished(() => running.stop());
  const { pid } = running;
  await running.end();
  expect(exists(pid)).toBe(false);
});

test.skipIf(consul === undefined)(
  'a killed Consul comes back empty at its address',
  async ({ onTestFinished }) => {
    const part = await startConsulPart(consul?.path ?? '');
    onTestFinished(() => part.stop());
    await part.enrol('hello', { id: 'hello-1', address: '127.0.0.1:1', micromesh: false });
    await part.kill();
    await expect(part.passing('hello')).rejects.toThrow();
    await part.startEmpty();
    expect(await part.passing('hello')).toEqual([]);
  },
);
