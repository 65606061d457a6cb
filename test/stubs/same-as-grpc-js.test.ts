import { createClient } from 'nice-grpc';
import { describe, expect, it } from 'vitest';
import { ProbeService } from './gen/probe.js';
import { NICE_SCENARIOS, type NiceScenario } from './nice-grpc-scenarios.js';
import { ProbeNode } from './probe-node.js';
import type { Scenario } from './scenario.js';
import { STREAM_SCENARIOS } from './stream-scenarios.js';
import { GRPC_JS_STUBS } from './stubs.js';
import { TARGETS } from './targets.js';
import { UNARY_SCENARIOS } from './unary-scenarios.js';

type StubName = keyof typeof GRPC_JS_STUBS;
type TargetName = keyof typeof TARGETS;

async function observe(scenario: Scenario, stubName: StubName, targetName: TargetName): Promise<unknown> {
  const node = await ProbeNode.start(scenario.server);
  const target = TARGETS[targetName](node.address, scenario.channelOptions);
  const stub = GRPC_JS_STUBS[stubName](target);
  try {
    return await scenario.run(stub, node);
  } finally {
    stub.close();
    await target.close();
    node.close();
  }
}

const STUB_NAMES: readonly StubName[] = ["proto-loader's dynamic client", 'the generated client'];

describe.each(STUB_NAMES)('%s sees the same of micromesh as of plain grpc-js', (stubName) => {
  it.each([...UNARY_SCENARIOS, ...STREAM_SCENARIOS].map((scenario) => [scenario.name, scenario] as const))(
    '%s',
    async (_name, scenario) => {
      const [asPlain, told, untold] = await Promise.all([
        observe(scenario, stubName, 'plain grpc-js'),
        observe(scenario, stubName, 'micromesh'),
        observe(scenario, stubName, 'micromesh without definitions'),
      ]);
      expect(asPlain).toBeDefined();
      expect(told).toEqual(asPlain);
      expect(untold).toEqual(asPlain);
    },
  );
});

async function observeNice(scenario: NiceScenario, targetName: TargetName): Promise<unknown> {
  const node = await ProbeNode.start();
  const target = TARGETS[targetName](node.address, scenario.channelOptions);
  try {
    return await scenario.run(createClient(ProbeService, target.channel()), node);
  } finally {
    await target.close();
    node.close();
  }
}

describe("nice-grpc's client sees the same of micromesh as of plain grpc-js", () => {
  it.each(NICE_SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    '%s',
    async (_name, scenario) => {
      const [asPlain, told, untold] = await Promise.all([
        observeNice(scenario, 'plain grpc-js'),
        observeNice(scenario, 'micromesh'),
        observeNice(scenario, 'micromesh without definitions'),
      ]);
      expect(asPlain).toBeDefined();
      expect(told).toEqual(asPlain);
      expect(untold).toEqual(asPlain);
    },
  );
});
