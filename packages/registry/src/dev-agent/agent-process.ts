import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { RegistryError } from '../registry.js';
import { type AgentMessage, readAgentMessage } from './agent-message.js';
import { DEV_AGENT_PORT_VARIABLE } from './dev-agent-options.js';

const START_TIMEOUT_MS = 10_000;

const ENVIRONMENT = [
  'PATH',
  'HOME',
  'TMPDIR',
  'TMP',
  'TEMP',
  // Windows opens no sockets without it.
  'SystemRoot',
  // Where a Node that is linked to shared libraries finds them.
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'NODE_ENV',
  DEV_AGENT_PORT_VARIABLE,
];

/** How the process of a dev agent is started. */
export interface AgentProcessOptions {
  readonly host: string;
  readonly port: number;
  /** Whether it ends with this process, and with `child.disconnect()`. */
  readonly bound: boolean;
  /** Ends by itself when nobody has asked anything for so long, in ms; undefined: never. */
  readonly idleMs?: number;
}

/** The process of a dev agent that answers, or why there is none. */
export type StartedAgent =
  | { readonly kind: 'ready'; readonly child: ChildProcess; readonly address: string }
  | { readonly kind: 'portTaken' };

/**
 * Starts a dev agent in a process of its own, in a session of its own (Ctrl-C in a terminal does not reach it), without this one's
 * input, output and options.
 *
 * @throws RegistryError when it does not start within 10 s, for another reason than that its port is taken.
 */
export async function startAgentProcess(options: AgentProcessOptions): Promise<StartedAgent> {
  const child = spawn(process.execPath, [programPath(), ...argumentsFor(options)], {
    cwd: tmpdir(),
    detached: true,
    env: agentEnvironment(process.env),
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  try {
    const message = await firstMessage(child);
    if (message.kind === 'ready') return { kind: 'ready', child, address: message.address };
    if (message.code === 'EADDRINUSE') return { kind: 'portTaken' };
    throw new RegistryError(`the dev agent did not start: ${message.error}`);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    child.unref();
    child.channel?.unref();
  }
}

// Tests run the source, which Node cannot: then the built program is the one.
function programPath(): string {
  const url = import.meta.url.endsWith('.ts') ? '../../dist/dev-agent/main.js' : './main.js';
  const path = fileURLToPath(new URL(url, import.meta.url));
  if (existsSync(path)) return path;
  throw new RegistryError(
    `the dev agent's program is not at ${path}; build the packages, keep micromesh out of bundles, or use a Consul agent`,
  );
}

function argumentsFor({ host, port, bound, idleMs }: AgentProcessOptions): string[] {
  const idle = idleMs === undefined ? [] : ['--idle-ms', String(idleMs)];
  return ['--host', host, '--port', String(port), ...(bound ? ['--bound'] : []), ...idle];
}

/** What of its starter's environment a dev agent gets: it outlives its starter, and no secret, debugger or loader is its own. */
export function agentEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    ENVIRONMENT.map((name) => [name, env[name]] as const).filter(([, value]) => value !== undefined),
  );
}

function firstMessage(child: ChildProcess): Promise<AgentMessage> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      reject(new RegistryError(`the dev agent did not start: ${why}`));
    };
    const timer = setTimeout(() => fail(`it said nothing within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    child.on('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => fail(`it ended with ${signal ?? `status ${code}`}`));
    child.on('message', (message) => {
      const told = readAgentMessage(message);
      if (told === undefined) return;
      clearTimeout(timer);
      resolve(told);
    });
  });
}
