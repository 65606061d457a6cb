import { startConsul } from '@micromesh/cli/stage';
import { vi } from 'vitest';
import { consulForTests } from '../dev-agent/consul-binary.js';
import { describePolicies } from './policies-conformance.js';

vi.setConfig({ testTimeout: 180_000 });

const found = await consulForTests();

describePolicies('a real Consul', () => startConsul({ binary: found?.path ?? '' }), {
  skip: found === undefined,
});
