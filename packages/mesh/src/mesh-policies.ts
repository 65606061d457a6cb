import type { PolicyView } from '@micromesh/client';
import { type Clock, createAbortController, type Logger, messageOf, within } from '@micromesh/core';
import type { PolicyHolder, PolicySet } from '@micromesh/policy';
import type { PolicyPlace, PolicySource, PolicySourceParts } from '@micromesh/policy/places';
import type { PolicyCaller } from '@micromesh/policy/route';
import { notFollowed } from './not-followed.js';

/** How long the first calls of a process wait for the policies: a place that cannot be asked holds up nobody for longer. */
const FIRST_WORD_MS = 1000;

/** What the policies of a mesh stand on. */
export interface MeshPoliciesParts extends PolicySourceParts {
  /** Who calls. */
  readonly caller: PolicyCaller;
}

/** The policies of one mesh: all of its places together, compiled once for each version. */
export class MeshPolicies implements PolicyView {
  current: PolicySet | undefined;
  ready: Promise<void> | undefined;
  readonly #logger: Logger;
  #holder: PolicyHolder | undefined;
  /** Of HTTP gateways of this process. */
  readonly #gateways = new Set<string>();
  #isKnown = false;
  readonly #end = createAbortController();

  /** @throws ConfigError where the mesh lacks what a place needs. */
  constructor(places: readonly PolicyPlace[], parts: MeshPoliciesParts) {
    this.#logger = parts.logger;
    const opening = openAll(places, parts);
    this.ready = this.#untilKnown(this.#hold(opening, parts.caller), parts.clock);
  }

  /** Warns, now or with a later version, where the policies are for no HTTP gateway of this name: it is mistyped, and none of its rules holds. */
  expectGateway(name: string): void {
    this.#gateways.add(name);
    if (this.#isKnown) this.#warnOfGateway(name);
  }

  #warnOfGateway(gateway: string): void {
    const named = this.current?.gateways ?? [];
    if (named.includes(gateway)) return;
    const others = named.length === 0 ? 'they name none' : `those that they name are ${named.join(', ')}`;
    const problem = `no VirtualService names the gateway ${gateway}: it serves everything by its path; ${others}`;
    this.#logger.warn({ gateway, named }, problem);
  }

  /** Ends the watches of all places; what is in force stays as it is. */
  close(): void {
    this.#end.abort();
    this.#holder?.close();
  }

  async #untilKnown(held: Promise<void>, clock: Clock): Promise<void> {
    const { signal } = this.#end;
    const goOn = () => {
      if (signal.aborted) return;
      this.#logger.warn({}, `no word of the policies within ${FIRST_WORD_MS} ms; calls begin without them`);
    };
    await within(clock, FIRST_WORD_MS, held, goOn, signal);
    this.ready = undefined;
  }

  /** Resolves when each place has said something. Never rejects. */
  async #hold(opening: readonly Promise<PolicySource>[], caller: PolicyCaller): Promise<void> {
    try {
      const [{ PolicyHolder, PolicySet }, sources] = await Promise.all([
        import('@micromesh/policy'),
        Promise.all(opening),
      ]);
      const holder = new PolicyHolder(sources, { logger: this.#logger });
      this.#holder = holder;
      if (this.#end.signal.aborted) holder.close();
      const compile = () => {
        const { version, resources } = holder.current;
        this.current = version === '' ? undefined : PolicySet.compile(resources, { version, caller });
        const paths = notFollowed(resources);
        if (paths.length > 0)
          this.#logger.warn({ version, paths }, 'calls do not follow these parts of the policies yet');
        if (this.#isKnown) for (const name of this.#gateways) this.#warnOfGateway(name);
      };
      compile();
      holder.subscribe(compile);
      await holder.ready();
      this.#isKnown = true;
      for (const name of this.#gateways) this.#warnOfGateway(name);
    } catch (error) {
      this.#logger.error({ error: messageOf(error) }, 'policies cannot be read; calls go without them');
      closeAll(opening);
    }
  }
}

/** All at once, so that what a place lacks is told by createMesh. */
function openAll(places: readonly PolicyPlace[], parts: PolicySourceParts): readonly Promise<PolicySource>[] {
  const opening: Promise<PolicySource>[] = [];
  try {
    for (const place of places) opening.push(place.open(parts));
    return opening;
  } catch (error) {
    closeAll(opening);
    throw error;
  }
}

/** One that could not be opened leaves nothing to close. */
function closeAll(opening: readonly Promise<PolicySource>[]): void {
  for (const each of opening) {
    each.then(
      (source) => source.close(),
      () => {},
    );
  }
}
