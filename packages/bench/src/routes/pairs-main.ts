import { exitWithParent } from '@micromesh/server';
import { tell } from '../process/tell.js';
import { measurePairs } from './measure-pairs.js';
import type { PairReport } from './pair.js';
import { ROUTE_CONTENDERS } from './route-contenders.js';
import { openRouted } from './routed-client.js';

async function main([id, ...numbers]: readonly string[]): Promise<void> {
  exitWithParent();
  const contender = ROUTE_CONTENDERS.find((each) => each.id === id);
  if (contender === undefined) throw new Error(`no policies are called ${id}`);
  const [pairs = 0, sliceMs = 0, warmUpCalls = 0] = numbers.map(Number);
  const [without, withPolicies] = [await openRouted(undefined), await openRouted(contender.policies())];
  tell<PairReport>({
    type: 'pairs',
    pairs: await measurePairs(without, withPolicies, { pairs, sliceMs, warmUpCalls }),
  });
  await without.close();
  await withPolicies.close();
  process.disconnect();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  tell<PairReport>({ type: 'failed', error: String(error) });
  process.disconnect();
});
