import { fileURLToPath } from 'node:url';
import { credentials, loadPackageDefinition, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ProbeClient } from './gen/probe.js';
import type { Target } from './targets.js';

const loaded = loadPackageDefinition(
  loadSync(fileURLToPath(new URL('./probe.proto', import.meta.url)), { defaults: true }),
).probe;

/** proto-loader's dynamic client. */
export const LoadedProbeClient: ServiceClientConstructor = readLoaded(loaded);

function readLoaded(probe: typeof loaded): ServiceClientConstructor {
  if (probe === undefined || !('v1' in probe)) throw new Error('probe.proto was not read');
  const { v1 } = probe;
  if (typeof v1 !== 'object' || !('Probe' in v1) || typeof v1.Probe !== 'function')
    throw new Error('no Probe');
  return v1.Probe;
}

/** The two kinds of grpc-js stubs. They have methods of the same names, so one code is run on both. */
export const GRPC_JS_STUBS = {
  "proto-loader's dynamic client": (target: Target): ProbeClient => {
    const stub: unknown = new LoadedProbeClient(target.address, credentials.createInsecure(), target.options);
    // proto-loader's types say nothing of its methods; they are those of the .proto.
    return stub as ProbeClient;
  },
  'the generated client': (target: Target): ProbeClient =>
    new ProbeClient(target.address, credentials.createInsecure(), target.options),
} as const;
