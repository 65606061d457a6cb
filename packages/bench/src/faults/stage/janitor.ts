import { spawn } from 'node:child_process';

// Ctrl-C reaches every process of a terminal at once, and a frozen process hears neither a signal nor the end of its parent.
const SCRIPT = `
trap "" INT TERM HUP
pids=""; namespaces=""; folders=""
while read -r word value; do
  case "$word" in
    pid) pids="$pids $value" ;;
    namespace) namespaces="$namespaces $value" ;;
    folder) folders="$folders $value" ;;
    done) exit 0 ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
for name in $namespaces; do ip netns del "$name" 2>/dev/null; done
for folder in $folders; do rm -rf -- "$folder"; done
`;

/**
 * Sees to it that nothing of a stage outlives this process, also after kill -9: a shell that waits for the end of a pipe which
 * only this process holds open.
 */
export class Janitor {
  readonly #pipe;

  constructor() {
    const shell = spawn('/bin/sh', ['-c', SCRIPT, 'micromesh-bench-janitor'], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    this.#pipe = shell.stdin;
    // A janitor that is missing or was killed makes the normal end no different.
    shell.on('error', () => {});
    this.#pipe.on('error', () => {});
    shell.unref();
    if ('unref' in this.#pipe && typeof this.#pipe.unref === 'function') this.#pipe.unref();
  }

  /** Takes something into care; folders and names without blanks. */
  mind(kind: 'pid' | 'namespace' | 'folder', what: string | number): void {
    this.#tell(`${kind} ${what}`);
  }

  /** The stage has cleaned up by itself. */
  close(): void {
    this.#tell('done');
    this.#pipe.end();
  }

  #tell(line: string): void {
    if (this.#pipe.writable) this.#pipe.write(`${line}\n`);
  }
}
