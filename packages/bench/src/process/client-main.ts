import { CONTENDERS } from '../contenders.js';
import { exitWithParent, tell } from './ipc.js';
import type { SliceRequest } from './messages.js';
import { runSlice } from './run-slice.js';

function main([id, ...addresses]: readonly string[]): void {
  exitWithParent();
  const contender = CONTENDERS.find((each) => each.id === id);
  if (contender === undefined) throw new Error(`no client is called ${id}`);
  const client = contender.open(addresses);
  process.on('message', (message: SliceRequest) => {
    runSlice(client, message.ms, message.concurrency).then(
      (slice) => tell({ type: 'slice', slice }),
      (error: unknown) => tell({ type: 'failed', error: String(error) }),
    );
  });
  tell({ type: 'ready' });
}

main(process.argv.slice(2));
