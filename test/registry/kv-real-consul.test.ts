import { startConsul } from '@micromesh/cli/stage';
import { consul } from '@micromesh/registry';
import { consulForTests } from '../dev-agent/consul-binary.js';
import { describeKeyValues } from './kv-conformance.js';

const found = await consulForTests();

describeKeyValues(
  'a real Consul',
  async () => {
    const agent = await startConsul({ binary: found?.path ?? '' });
    return { open: () => consul({ address: agent.address, env: {} }), stop: () => agent.stop() };
  },
  { skip: found === undefined },
);
