import { type ChildProcess, spawn } from 'node:child_process';

// Ctrl-C reaches every process of a terminal at once; the watchdog has to outlive this one, whatever ends it.
const SCRIPT = 'trap "" INT TERM HUP; read -r _; kill -9 "$1" 2>/dev/null; rm -rf "$2"';

/**
 * Kills a child and removes its folder when this process is gone, also after kill -9: a shell that waits for the end of a pipe which
 * only this process holds open.
 *
 * @returns the function that ends the watch; the child then is its owner's again.
 */
export function watchOver(pid: number, folder: string): () => void {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'micromesh-watchdog', String(pid), folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  // Without a shell (Windows) the child is killed by the `exit` handler alone.
  shell.on('error', () => {});
  shell.unref();
  unrefPipe(shell);
  return () => {
    shell.kill('SIGKILL');
  };
}

function unrefPipe(shell: ChildProcess): void {
  const pipe = shell.stdin;
  if (pipe !== null && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
}
