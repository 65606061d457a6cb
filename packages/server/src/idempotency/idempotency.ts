import { createHash } from 'node:crypto';
import { type MetadataValue, status } from '@grpc/grpc-js';
import { ConfigError, checkOptionNames, IDEMPOTENCY_KEY, messageOf } from '@micromesh/core';
import type { HandlerContext } from '../handler-context.js';
import type { ServeCall, ServerInterceptor } from '../interceptor.js';
import { RpcError } from '../rpc-error.js';
import { SingleResponseCall } from '../single-response-call.js';
import type {
  IdempotencyClaim,
  IdempotencyStore,
  IdempotencyVerdict,
  KeyedCall,
} from './idempotency-store.js';
import { changedPairs, pairsOf, putPairs } from './metadata-pairs.js';

/** How calls with a key are served. */
export interface IdempotencyOptions {
  /**
   * What a replay gets where the node that ran the call has died before it could say how that ended: `refuse` (default), ABORTED, so that
   * nothing runs twice; `run`, it runs again.
   */
  readonly onLostOwner?: 'refuse' | 'run';
  /**
   * Whose key it is: the same key in two scopes is two keys. Name the authenticated caller here where callers do not trust each other, or one
   * could read the answers of another by its keys. Default: one scope for all.
   */
  readonly scope?: (context: HandlerContext) => string;
}

/** Set to `true` in the trailers of an answer that was given before. */
export const REPLAYED = 'idempotency-replayed';

const MAX_KEY_LENGTH = 255;

/**
 * Runs a unary call whose caller names it (metadata `idempotency-key`) at most once: a replay is answered from the store, waits
 * where the first is still running, and is refused where its request is another one. A call that failed is forgotten, so that its
 * retry runs. Calls without a key, and streams, pass by.
 *
 * Statuses of its own: INVALID_ARGUMENT, the key is none or belongs to another request; ABORTED, it began to run and nobody knows how
 * that ended, or its answer was too long to keep; RESOURCE_EXHAUSTED, the store is full of running calls; UNAVAILABLE, the store does
 * not answer (nothing was run here).
 *
 * @throws ConfigError when an option is unknown or wrong.
 */
export function idempotency(store: IdempotencyStore, options: IdempotencyOptions = {}): ServerInterceptor {
  if (typeof store?.begin !== 'function') {
    const fix = 'give one: memoryIdempotencyStore(), or keyValueIdempotencyStore(registry.keyValues)';
    throw new ConfigError('idempotency store', store, 'is no idempotency store', fix);
  }
  checkOptionNames('idempotency', options, ['onLostOwner', 'scope']);
  const { onLostOwner = 'refuse', scope = () => '' } = options;
  if (onLostOwner !== 'refuse' && onLostOwner !== 'run') {
    throw new ConfigError('idempotency.onLostOwner', onLostOwner, 'is no policy', "give 'refuse' or 'run'");
  }
  return (next) => async (context) => {
    const sent = context.metadata.get(IDEMPOTENCY_KEY);
    if (sent.length === 0 || context.method.kind !== 'unary') return next(context);
    if (!(context instanceof SingleResponseCall)) return next(context);
    const key = readKey(sent);
    const verdict = await ask(
      store,
      {
        key: sha256(`${context.method.path}\n${scope(context)}\n${key}`),
        service: context.method.service,
        body: sha256(context.requestBytes),
        onLostOwner,
      },
      context.signal,
      key,
    );
    if (verdict.kind === 'run') return run(next, context, verdict.claim);
    if (verdict.kind !== 'answered') throw refusal(verdict, key);
    const { response, header, trailer } = verdict.answer;
    putPairs(context.header, header);
    putPairs(context.trailer, trailer);
    context.trailer.set(REPLAYED, 'true');
    context.answerWith(response);
  };
}

async function run(next: ServeCall, context: SingleResponseCall, claim: IdempotencyClaim): Promise<void> {
  const before = { header: pairsOf(context.header), trailer: pairsOf(context.trailer) };
  try {
    // The store may have taken its time.
    await context.stillWanted();
    await next(context);
  } catch (error) {
    await claim.release();
    throw error;
  }
  const response = context.responseBytes;
  if (response === undefined) return claim.release();
  await claim.complete({
    response,
    header: changedPairs(before.header, context.header),
    trailer: changedPairs(before.trailer, context.trailer),
  });
}

async function ask(
  store: IdempotencyStore,
  call: KeyedCall,
  signal: AbortSignal,
  key: string,
): Promise<IdempotencyVerdict> {
  try {
    return await store.begin(call, signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    const problem = `the store of idempotency keys does not answer, so "${key}" was not run here: ${messageOf(error)}`;
    throw new RpcError(status.UNAVAILABLE, problem);
  }
}

function readKey([key]: readonly MetadataValue[]): string {
  if (typeof key === 'string' && key.length > 0 && key.length <= MAX_KEY_LENGTH) return key;
  throw new RpcError(
    status.INVALID_ARGUMENT,
    `${IDEMPOTENCY_KEY}: ${key?.length ?? 0} characters are no key; send 1 to ${MAX_KEY_LENGTH}`,
  );
}

function refusal(
  verdict: Exclude<IdempotencyVerdict, { readonly kind: 'run' | 'answered' }>,
  key: string,
): RpcError {
  const name = `${IDEMPOTENCY_KEY} "${key}"`;
  switch (verdict.kind) {
    case 'otherBody':
      return new RpcError(
        status.INVALID_ARGUMENT,
        `${name} belongs to another request; send the same request again, or another key`,
      );
    case 'unknown':
      return new RpcError(status.ABORTED, `${name}: unknown whether it ran: ${verdict.cause}`);
    case 'unkept':
      return new RpcError(status.ABORTED, `${name}: it ran, but its answer was not kept: ${verdict.cause}`);
    default:
      return new RpcError(
        status.RESOURCE_EXHAUSTED,
        `${name} was not run: the store is full: ${verdict.cause}`,
      );
  }
}

function sha256(of: string | Buffer): string {
  return createHash('sha256').update(of).digest('hex');
}
