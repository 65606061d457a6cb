import {
  hasErrors,
  type PolicyCaller,
  PolicySet,
  PolicyStore,
  type PolicyText,
  type Problem,
  readPolicies,
} from '@micromesh/policy';
import type { Registry } from '@micromesh/registry';
import { readPaths } from '../policies/read-paths.js';

/** Where policies were read. */
export interface PolicyPlaceFacts {
  /** `folder ./policies`, `consul 127.0.0.1:8500`. */
  readonly source: string;
  /** Null where it has none: of a folder, or where nothing was ever applied. */
  readonly version: number | null;
  readonly resources: number;
}

/** The policies of all places together, as one caller has them in force. */
export interface ExplainedPolicies {
  readonly places: readonly PolicyPlaceFacts[];
  readonly problems: readonly Problem[];
  /** Undefined: they have errors, and nobody would apply them. */
  readonly set: PolicySet | undefined;
}

interface Place {
  readonly source: string;
  readonly version: number | null;
  readonly texts: readonly PolicyText[];
  readonly problems: readonly Problem[];
}

/**
 * Reads the policies of files and of a registry, and compiles them for a caller.
 *
 * @param registry - undefined, or without keys and values: only the files count.
 * @throws ConfigError for a path where there is nothing; RegistryError when the registry does not answer.
 */
export async function explainedPolicies(
  paths: readonly string[],
  registry: Registry | undefined,
  caller: PolicyCaller,
): Promise<ExplainedPolicies> {
  const places: Place[] = [];
  for (const path of paths) {
    const { texts, problems } = await readPaths([path], '--policies');
    places.push({ source: `folder ${path}`, version: null, texts, problems });
  }
  if (registry?.keyValues !== undefined) {
    const store = new PolicyStore(registry.keyValues);
    const version = await store.current(await store.base());
    const texts = version?.resources ?? [];
    places.push({ source: registry.description, version: version?.version ?? null, texts, problems: [] });
  }
  const read = readPolicies(places.flatMap(({ texts }) => texts));
  const problems = [...places.flatMap((place) => place.problems), ...read.problems];
  const counts = places.map(({ source, version, texts }) => {
    const files = new Set(texts.map(({ file }) => file));
    const resources = read.resources.filter(({ document }) => files.has(document.file)).length;
    return { source, version, resources };
  });
  const set = hasErrors(problems)
    ? undefined
    : PolicySet.compile(read.resources, { version: 'explained', caller });
  return { places: counts, problems, set };
}
