import { ConfigError } from '@micromesh/core';
import type { PolicyCaller, PolicySet } from '@micromesh/policy';
import { type Colors, colorsFor } from '../command/colors.js';
import { FAILED, SUCCESS } from '../command/exit-status.js';
import type { CommandIo } from '../command/io.js';
import { problemCounts, problemsText } from '../policies/problems-text.js';
import { askedRegistry } from '../registry/asked-registry.js';
import { type CandidateCall, candidatesOf } from './candidate-nodes.js';
import type { ExplainOptions } from './explain-options.js';
import { explainText } from './explain-text.js';
import { explainView } from './explain-view.js';
import { readCall } from './explained-call.js';
import { type ExplainedPolicies, explainedPolicies, type PolicyPlaceFacts } from './explained-policies.js';
import { callOfRequest, readRequest } from './explained-request.js';
import { isLikeRequest, withGateway } from './forgotten-gateway.js';
import { gatewayText } from './gateway-text.js';
import { gatewayView } from './gateway-view.js';
import { readCaller } from './given-pairs.js';
import type { FindNames } from './named-services.js';
import { KnownServices } from './service-facts.js';
import type { FindCandidates } from './way-view.js';

/** What is to be explained. */
interface Subject {
  /** By which nodes are picked. */
  readonly call: CandidateCall;
  explain(
    set: PolicySet,
    places: readonly PolicyPlaceFacts[],
    find: FindCandidates,
    registered: FindNames,
  ): Promise<Explanation>;
}

interface Explanation {
  /** For `--json`. */
  readonly view: object;
  text(colors: Colors): string;
}

/**
 * Prints where a call, or a request at an HTTP gateway, would go, how, and why.
 *
 * @param to - the service; at a gateway the host.
 * @param what - the method; at a gateway the path with its query.
 * @returns the exit status: 1 when the policies have errors.
 * @throws ConfigError for what cannot be; RegistryError when the registry does not answer.
 */
export async function explainCall(
  to: string,
  what: string,
  options: ExplainOptions,
  io: CommandIo,
): Promise<number> {
  const { policies = [], registry: spec, json = false } = options;
  const registry = spec === undefined && policies.length > 0 ? undefined : askedRegistry(spec, io.env);
  let explanation: Explanation;
  try {
    const { call, explain } = await subjectOf(to, what, options, (caller) =>
      explainedPolicies(policies, registry, caller),
    );
    const { places, problems, set } = await explainedPolicies(policies, registry, call.caller);
    if (set === undefined) {
      if (json) io.stdout.write(`${JSON.stringify({ policies: places, problems })}\n`);
      else io.stderr.write(problemsText(problems, colorsFor(io.stderr, io.env)));
      io.stderr.write(`micromesh: ${problemCounts(problems)}; no client would follow these policies\n`);
      return FAILED;
    }
    const known = registry && new KnownServices(registry);
    explanation = await explain(set, places, findIn(known, call), async () => (await known?.names()) ?? []);
  } finally {
    await registry?.close();
  }
  const { view, text } = explanation;
  io.stdout.write(json ? `${JSON.stringify(view)}\n` : text(colorsFor(io.stdout, io.env)));
  return SUCCESS;
}

async function subjectOf(
  to: string,
  what: string,
  options: ExplainOptions,
  policiesFor: (caller: PolicyCaller) => Promise<ExplainedPolicies>,
): Promise<Subject> {
  try {
    const { policies: _places, registry: _spec, json: _json, ...words } = options;
    return readSubject(to, what, words);
  } catch (error) {
    if (options.gateway !== undefined || !isLikeRequest(error, to, what)) throw error;
    // What cannot be asked says nothing of gateways.
    const { set } = await policiesFor(readCaller(options)).catch(() => ({ set: undefined }));
    throw set === undefined ? error : withGateway(error, to, what, options, set);
  }
}

function readSubject(
  to: string,
  what: string,
  { gateway, verb, hashKey, ...words }: ExplainOptions,
): Subject {
  if (gateway !== undefined) {
    if (hashKey !== undefined) {
      const mend = 'leave it out: the consistentHash of a DestinationRule finds keys in what the request has';
      throw new ConfigError('--hash-key', hashKey, "is code's, and a gateway gives its calls none", mend);
    }
    return requestAt(gateway, to, what, { ...words, ...(verb === undefined ? {} : { verb }) });
  }
  if (verb !== undefined) {
    const mend = 'name the gateway that gets the request, or leave it out: a call is a POST';
    throw new ConfigError('--verb', verb, 'goes with --gateway', mend);
  }
  return callTo(to, what, { ...words, ...(hashKey === undefined ? {} : { hashKey }) });
}

function callTo(service: string, method: string, words: ExplainOptions): Subject {
  const call = readCall({ service, method, ...words });
  return {
    call,
    async explain(set, places, find, registered) {
      const view = await explainView(set, call, places, find, registered);
      return { view, text: (colors) => explainText(view, colors) };
    },
  };
}

function requestAt(gateway: string, host: string, path: string, words: ExplainOptions): Subject {
  const request = readRequest({ host, path, ...words });
  return {
    call: callOfRequest(request),
    async explain(set, places, find) {
      // An HTTP server takes long to load, and calls need none.
      const { gatewayAnswer } = await import('./gateway-answer.js');
      const view = await gatewayView(set, gateway, request, places, find, (resources) =>
        gatewayAnswer(resources, gateway, request),
      );
      return { view, text: (colors) => gatewayText(view, colors) };
    },
  };
}

function findIn(known: KnownServices | undefined, call: CandidateCall): FindCandidates {
  return async (wanted) =>
    known === undefined ? null : candidatesOf(await known.of(wanted.service), wanted, call);
}
