import { spawnDevAgent } from '@micromesh/registry';
import { vi } from 'vitest';
import { describePolicies } from './policies-conformance.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

describePolicies('the dev agent', () => spawnDevAgent({ port: 0 }));
