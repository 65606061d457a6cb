import type { ServiceProcessOptions } from '../process/service-process.js';
import { serviceEntry } from './service-entries.js';

/** How long a hello node works for a call, so that a kill meets calls in flight. */
export const WORK_MS = 50;

/** What one hello node has of its own. */
export interface HelloSetting {
  /** Where it listens; default `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Default: the service's own. */
  readonly version?: string | undefined;
}

/** How a hello node of the demo is started. */
export function helloProcess(
  registryUrl: string,
  effectsFile: string,
  { host = '127.0.0.1', version }: HelloSetting = {},
): ServiceProcessOptions {
  return {
    name: 'hello',
    entry: serviceEntry('hello'),
    env: {
      MICROMESH_REGISTRY: registryUrl,
      EFFECTS_FILE: effectsFile,
      WORK_MS: String(WORK_MS),
      LISTEN: `${host}:0`,
      ...(version === undefined ? {} : { VERSION: version }),
    },
  };
}
