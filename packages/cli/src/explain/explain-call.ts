import { colorsFor } from '../command/colors.js';
import { FAILED, SUCCESS } from '../command/exit-status.js';
import type { CommandIo } from '../command/io.js';
import { problemCounts, problemsText } from '../policies/problems-text.js';
import { askedRegistry } from '../registry/asked-registry.js';
import { candidatesOf } from './candidate-nodes.js';
import { explainText } from './explain-text.js';
import { type ExplainView, explainView, type FindCandidates } from './explain-view.js';
import { type CallWords, type ExplainedCall, readCall } from './explained-call.js';
import { explainedPolicies } from './explained-policies.js';
import { KnownServices } from './service-facts.js';

/** What `micromesh explain SERVICE METHOD` is told. */
export interface ExplainOptions extends Omit<CallWords, 'service' | 'method'> {
  /** Files and folders. With them, no registry is asked unless it is named. */
  readonly policies?: readonly string[];
  /** As `createMesh` takes it; default, where no files are named, MICROMESH_REGISTRY, else the dev agent of this machine. */
  readonly registry?: string;
  readonly json?: boolean;
}

/**
 * Prints where a call would go, how, and why.
 *
 * @returns the exit status: 1 when the policies have errors.
 * @throws ConfigError for what cannot be; RegistryError when the registry does not answer.
 */
export async function explainCall(
  service: string,
  method: string,
  { policies = [], registry: spec, json = false, ...words }: ExplainOptions,
  io: CommandIo,
): Promise<number> {
  const call = readCall({ service, method, ...words });
  const registry = spec === undefined && policies.length > 0 ? undefined : askedRegistry(spec, io.env);
  let view: ExplainView;
  try {
    const { places, problems, set } = await explainedPolicies(policies, registry, call.caller);
    if (set === undefined) {
      if (json) io.stdout.write(`${JSON.stringify({ policies: places, problems })}\n`);
      else io.stderr.write(problemsText(problems, colorsFor(io.stderr, io.env)));
      io.stderr.write(`micromesh: ${problemCounts(problems)}; no client would follow these policies\n`);
      return FAILED;
    }
    const known = registry && new KnownServices(registry);
    view = await explainView(set, call, places, findIn(known, call));
  } finally {
    await registry?.close();
  }
  io.stdout.write(json ? `${JSON.stringify(view)}\n` : explainText(view, colorsFor(io.stdout, io.env)));
  return SUCCESS;
}

function findIn(known: KnownServices | undefined, call: ExplainedCall): FindCandidates {
  return async (service, policy, subset, port) => {
    if (known === undefined) return null;
    const named = subset === undefined ? undefined : policy?.subset(subset);
    const rule = policy?.traffic(subset, port).loadBalancer;
    return candidatesOf(await known.of(service), named, rule, call);
  };
}
