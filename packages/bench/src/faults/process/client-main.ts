import { exitWithParent } from '@micromesh/server';
import { tell } from '../../process/tell.js';
import { control } from '../contenders/control.js';
import { FAULT_CONTENDERS } from '../contenders/fault-contenders.js';
import { Load } from './load.js';
import type { LoadRequest, Report } from './messages.js';

async function main([id, json = '{}']: readonly string[]): Promise<void> {
  exitWithParent();
  const contender = [...FAULT_CONTENDERS, control].find((each) => each.id === id);
  if (contender === undefined) throw new Error(`no client is called ${id}`);
  const client = await contender.open(JSON.parse(json));
  process.on('message', (request: LoadRequest) => {
    new Load(contender.id, client, request).run().then(
      (calls) => tell<Report>({ type: 'calls', calls }),
      (error: unknown) => tell<Report>({ type: 'failed', error: String(error) }),
    );
  });
  tell<Report>({ type: 'ready' });
}

main(process.argv.slice(2)).catch((error: unknown) => tell<Report>({ type: 'failed', error: String(error) }));
