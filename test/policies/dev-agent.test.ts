import { spawnDevAgent } from '@micromesh/registry';
import { vi } from 'vitest';
import { consulForTests } from '../dev-agent/consul-binary.js';
import { TEST_ALL } from '../test-all.js';
import { describePolicies } from './policies-conformance.js';

vi.setConfig({ testTimeout: 180_000 });

const found = await consulForTests();

describePolicies('the dev agent', () => spawnDevAgent({ port: 0 }), {
  skip: found !== undefined && !TEST_ALL,
});
