import { spawn } from 'node:child_process';

// Ctrl-C reaches every process of a terminal at once; the guardian has to outlive this process, whatever ends it.
// A child that is frozen notices neither a signal nor the end of its parent: only SIGKILL ends it.
const SCRIPT = `
trap "" INT TERM HUP
pids=""
networks=""
folder=""
while read -r word value; do
  case "$word" in
    watch) pids="$pids $value" ;;
    forget)
      kept=""
      for pid in $pids; do [ "$pid" = "$value" ] || kept="$kept $pid"; done
      pids="$kept" ;;
    network) networks="$networks $value" ;;
    folder) folder="$value" ;;
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
[ -z "$folder" ] || rm -rf -- "$folder"
`;

/** How long children may take to end by themselves when this process has vanished, in tenths of a second. */
const GRACE_TENTHS = 15;

/** Sees to it that nothing outlives this process, also where it ends by kill -9 and a child is frozen. */
export interface Guardian {
  /** Takes a process into care. */
  watch(pid: number): void;
  /** Takes a network namespace into care: it is removed, when this process has vanished or by {@link close}. */
  watchNetwork(name: string): void;
  /** A process has ended: its number may be given to another now. */
  forget(pid: number): void;
  /** Ends the guardian; what it still watches is killed after 1.5 s, and the folder removed. */
  close(): void;
}

/**
 * Starts a guardian: a shell that waits for the end of a pipe which only this process holds open, and then kills what is
 * left of the children and removes `folder`. Where there is no `/bin/sh` (Windows), children end by their IPC
 * channel alone.
 *
 * @param folder - a temporary folder of this process, without a line break in its name.
 */
export function startGuardian(folder: string): Guardian {
  const shell = spawn('/bin/sh', ['-c', SCRIPT, 'micromesh-guardian', String(GRACE_TENTHS)], {
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
  tell(`folder ${folder}`);
  return {
    watch: (pid) => tell(`watch ${pid}`),
    watchNetwork: (name) => tell(`network ${name}`),
    forget: (pid) => tell(`forget ${pid}`),
    close: () => {
      pipe.end();
    },
  };
}
