import { expect, it } from 'vitest';
import { agentEnvironment } from './agent-process.js';

it('leaves its starter only what Node and the dev agent need', () => {
  const needed = {
    PATH: '/bin',
    HOME: '/home/me',
    TMPDIR: '/tmp',
    SystemRoot: 'C:\\Windows',
    LD_LIBRARY_PATH: '/lib',
    NODE_ENV: 'test',
    MICROMESH_DEV_AGENT_PORT: '8556',
  };
  const others = {
    CONSUL_HTTP_TOKEN: 'SECRET',
    DATABASE_PASSWORD: 'SECRET',
    NODE_OPTIONS: '--inspect',
    NODE_V8_COVERAGE: '/tmp/coverage',
    NODE_EXTRA_CA_CERTS: '/ca.pem',
    MICROMESH_REGISTRY: 'consul://a?token=SECRET',
  };
  expect(agentEnvironment({ ...others, ...needed })).toEqual(needed);
});

it('does not name what its starter does not have', () => {
  expect(Object.keys(agentEnvironment({ PATH: '/bin', HOME: undefined }))).toEqual(['PATH']);
});
