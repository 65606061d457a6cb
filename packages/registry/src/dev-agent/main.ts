/**
 * The dev agent as a program: `node main.js [--host 127.0.0.1] [--port 8555] [--idle-ms N] [--bound]`.
 * `--idle-ms`: ends when nobody has asked anything for so long. `--bound`: ends with the process that started it.
 */
import { parseArgs } from 'node:util';
import { messageOf } from '@micromesh/core';
import type { AgentMessage } from './agent-message.js';
import { type DevAgent, startDevAgent } from './dev-agent.js';

const IDLE_CHECKS = 4;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      host: { type: 'string' },
      port: { type: 'string' },
      'idle-ms': { type: 'string' },
      bound: { type: 'boolean' },
    },
  });
  const agent = await startDevAgent({
    ...(values.host === undefined ? {} : { host: values.host }),
    ...(values.port === undefined ? {} : { port: Number(values.port) }),
  });
  const stop = () => {
    agent.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (values.bound === true) process.once('disconnect', stop);
  if (values['idle-ms'] !== undefined) stopWhenIdle(agent, Number(values['idle-ms']), stop);
  tell({ kind: 'ready', address: agent.address });
}

function stopWhenIdle(agent: DevAgent, idleMs: number, stop: () => void): void {
  setInterval(() => {
    if (agent.idleMs >= idleMs) stop();
  }, idleMs / IDLE_CHECKS);
}

function tell(message: AgentMessage): void {
  if (process.send !== undefined && process.connected) {
    // The starter may be gone by now: nobody is left to be told.
    process.send(message, () => {});
    return;
  }
  process.stderr.write(
    message.kind === 'ready'
      ? `micromesh's dev agent: http://${message.address}\n`
      : `micromesh's dev agent: ${message.error}\n`,
  );
}

main().catch((error: unknown) => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  tell({ kind: 'failed', code, error: messageOf(error) });
  process.exitCode = 1;
  if (process.connected) process.disconnect();
});
