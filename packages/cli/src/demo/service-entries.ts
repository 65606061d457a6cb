import { fileURLToPath } from 'node:url';

/** The demo services are part of the repository, not of the published package. */
export class DemoServicesMissing extends Error {
  override readonly name = 'DemoServicesMissing';

  constructor(specifier: string, cause?: unknown) {
    super(
      `the demo needs ${specifier}, which is not here; it runs in a clone of the micromesh repository, after \`npm ci\` (and \`npm run build\` after a change)`,
      { cause },
    );
  }
}

/** The services of the demo. */
export type DemoService = 'hello' | 'user';

/**
 * The file that runs a demo service as a process.
 *
 * @throws DemoServicesMissing outside the repository.
 */
export function serviceEntry(service: DemoService): string {
  return fileURLToPath(resolve(`@micromesh/service-${service}/main`));
}

/**
 * What a demo service's package exports under a name.
 *
 * @throws DemoServicesMissing outside the repository, or where the package has no such name.
 */
export async function importFromService(service: DemoService, name: string): Promise<unknown> {
  const specifier = `@micromesh/service-${service}`;
  const exported: unknown = await import(resolve(specifier));
  const found = typeof exported === 'object' && exported !== null && name in exported;
  if (!found) throw new DemoServicesMissing(`${name} of ${specifier}`);
  return Object.entries(exported).find(([key]) => key === name)?.[1];
}

function resolve(specifier: string): string {
  try {
    return import.meta.resolve(specifier);
  } catch (error) {
    throw new DemoServicesMissing(specifier, error);
  }
}
