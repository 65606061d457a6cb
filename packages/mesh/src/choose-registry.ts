import { ConfigError } from '@micromesh/core';
import { type Registry, type RegistryParts, registryFrom } from '@micromesh/registry';

const VARIABLE = 'MICROMESH_REGISTRY';

/** The registry of a mesh, and whether the mesh made it and has to close it. */
export interface ChosenRegistry {
  readonly registry: Registry;
  readonly owned: boolean;
}

/**
 * The registry that the options name, else the environment's `MICROMESH_REGISTRY` (empty: not set), else `embedded`.
 *
 * @param env - default `process.env`
 * @throws ConfigError as `registryFrom`; it names the variable where that is what cannot be.
 */
export function chooseRegistry(
  given: string | Registry | undefined,
  parts: RegistryParts,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ChosenRegistry {
  if (given !== undefined) return { registry: registryFrom(given, parts), owned: typeof given === 'string' };
  const fromEnv = env[VARIABLE] ?? '';
  if (fromEnv === '') return { registry: registryFrom('embedded', parts), owned: true };
  try {
    return { registry: registryFrom(fromEnv, parts), owned: true };
  } catch (error) {
    throw error instanceof ConfigError ? blamedOnVariable(error) : error;
  }
}

function blamedOnVariable({ field, value, problem, mend }: ConfigError): ConfigError {
  const part = field === 'registry' ? '' : ` ${field}`;
  return new ConfigError(`environment variable ${VARIABLE}${part}`, value, problem, mend);
}
