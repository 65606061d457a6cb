import { exitWithParent } from '@micromesh/server';
import { CONTENDERS } from '../contenders.js';
import type { Report, SliceRequest } from './messages.js';
import { runSlice } from './run-slice.js';
import { tell } from './tell.js';

function main([id, ...addresses]: readonly string[]): void {
  exitWithParent();
  const contender = CONTENDERS.find((each) => each.id === id);
  if (contender === undefined) throw new Error(`no client is called ${id}`);
  const client = contender.open(addresses);
  process.on('message', (message: SliceRequest) => {
    runSlice(client, message.ms, message.concurrency).then(
      (slice) => tell<Report>({ type: 'slice', slice }),
      (error: unknown) => tell<Report>({ type: 'failed', error: String(error) }),
    );
  });
  tell<Report>({ type: 'ready' });
}

main(process.argv.slice(2));
