import { spawn } from 'node:child_process';

// Ctrl-C reaches every process of a terminal at once; the guardian has to outlive this process, whatever ends it.
// A child that is frozen notices neither a signal nor the end of its parent: only SIGKILL ends it.
const SCRIPT = `
trap "" INT TERM HUP
pids=""
networks=""
folders=""
nl='
'
while read -r word value; do
  case "$word" in
    watch) pids="$pids $value" ;;
    forget)
      kept=""
      for pid in $pids; do [ "$pid" = "$value" ] || kept="$kept $pid"; done
      pids="$kept" ;;
    network) networks="$networks $value" ;;
    folder) folders="$folders$value$nl" ;;
  esac
done
tries=0
while [ -n "$pids" ] && [ "$tries" -lt "$1" ]; do
  left=""
  for pid in $pids; do kill -0 "$pid" 2>/dev/null && left="$left $pid"; done
  pids="$left"
  tries=$((tries + 1))
  [ -z "$pids" ] || sleep 0.1
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
for network in $networks; do ip netns del "$network" 2>/dev/null; done
set -f
IFS="$nl"
for folder in $folders; do rm -rf -- "$folder"; done
`;

/** How long children may take to end by themselves when this process has vanished. */
const GRACE_MS = 1_500;

/** Sees to it that nothing outlives this process, also where it ends by kill -9 and a child is frozen. */
export interface Guardian {
  /** Takes a process into care. */
  watch(pid: number): void;
  /** Takes a network namespace into care: it is removed, when this process has vanished or by {@link close}. */
  watchNetwork(name: string): void;
  /** Takes a folder into care, without a line break in its name: as {@link watchNetwork}. */
  watchFolder(path: string): void;
  /** A process has ended: its number may be given to another now. */
  forget(pid: number): void;
  /** Ends the guardian; what it still watches is killed after the time that it was given, and the networks and folders removed. */
  close(): void;
}

/**
 * Starts a guardian: a shell that waits for the end of a pipe which only this process holds open, and then kills what is
 * left in its care. Where there is no `/bin/sh` (Windows), children end by their IPC channel alone.
 *
 * @param graceMs - how long children may take to end by themselves then; default 1500, in steps of 100.
 */
export function startGuardian(graceMs = GRACE_MS): Guardian {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'micromesh-guardian', String(Math.round(graceMs / 100))], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const pipe = shell.stdin;
  // A guardian that is missing or was killed makes the normal end no different.
  shell.on('error', () => {});
  pipe.on('error', () => {});
  shell.unref();
  // The pipe must not keep this process running.
  if ('unref' in pipe && typeof pipe.unref === 'function') pipe.unref();

  const tell = (line: string) => {
    if (pipe.writable) pipe.write(`${line}\n`);
  };
  return {
    watch: (pid) => tell(`watch ${pid}`),
    watchNetwork: (name) => tell(`network ${name}`),
    watchFolder: (path) => tell(`folder ${path}`),
    forget: (pid) => tell(`forget ${pid}`),
    close: () => {
      pipe.end();
    },
  };
}
