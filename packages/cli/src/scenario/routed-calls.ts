/** What became of the calls that went by one version of the policies; times in ms since the load began. */
export interface RoutedCalls {
  calls: number;
  /** Those of them whose first try went to a node of the new version. */
  toNew: number;
  firstMs: number;
  lastMs: number;
}

/** Which calls went by which version of the policies, and where to. */
export class RoutedLedger {
  readonly #byVersion = new Map<string, RoutedCalls>();
  readonly #newNodes = new Set<string>();

  /** Calls that go to this node go to the new version. */
  isNew(nodeId: string): void {
    this.#newNodes.add(nodeId);
  }

  /**
   * The first try of a call goes to a node.
   *
   * @param version - of the policies that the call goes by; undefined: of none.
   * @param atMs - when the call began.
   */
  routed(version: string | undefined, nodeId: string, atMs: number): void {
    const name = version ?? '';
    const of = this.#byVersion.get(name) ?? { calls: 0, toNew: 0, firstMs: atMs, lastMs: atMs };
    of.calls++;
    if (this.#newNodes.has(nodeId)) of.toNew++;
    of.firstMs = Math.min(of.firstMs, atMs);
    of.lastMs = Math.max(of.lastMs, atMs);
    this.#byVersion.set(name, of);
  }

  /** The calls that went by a version; undefined: none did. */
  of(version: string): Readonly<RoutedCalls> | undefined {
    return this.#byVersion.get(version);
  }

  /** When the last call went by any version but these; undefined: none did. */
  lastOtherMs(versions: ReadonlySet<string>): number | undefined {
    const others = [...this.#byVersion].filter(([version]) => !versions.has(version));
    return others.length === 0 ? undefined : Math.max(...others.map(([, { lastMs }]) => lastMs));
  }
}
