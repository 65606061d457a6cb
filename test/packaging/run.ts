import { execFile } from 'node:child_process';

/** How a command ended. */
export interface Ended {
  /** The exit status; a string where it did not start or was ended. */
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

// What npm and vitest tell their children would lead npm back into the workspace, and could hide warnings.
const OURS = /^(npm_|node_|vitest|micromesh_|consul_)/i;
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !OURS.test(name))),
  npm_config_offline: 'true',
  npm_config_update_notifier: 'false',
};

/** Runs a command as a user's shell would, without a network for npm. */
export function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    // Ends what does not end by itself.
    execFile(command, args, { cwd, env, timeout: 180_000 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : (error.code ?? String(error.signal)), stdout, stderr });
    });
  });
}

/** Runs a command that must succeed, and gives what it printed. */
export async function output(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { status, stdout, stderr } = await run(command, args, cwd);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return stdout;
}
