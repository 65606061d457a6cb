import { Metadata } from '@grpc/grpc-js';
import type { Method } from '@micromesh/core';
import type { LimitSide } from '../limits/limit-rules.js';
import type { LimitedCall } from '../limits/rate-counter.js';
import type { MethodLimits } from '../limits/service-limits.js';
import { policySet } from './policies.js';

/** A RateLimit whose spec is YAML in flow style. */
export function rateLimit(name: string, spec: string, metadata = ''): string {
  return limit('RateLimit', name, spec, metadata);
}

/** A ConcurrencyLimit whose spec is YAML in flow style. */
export function concurrencyLimit(name: string, spec: string, metadata = ''): string {
  return limit('ConcurrencyLimit', name, spec, metadata);
}

function limit(kind: string, name: string, spec: string, metadata: string): string {
  return `apiVersion: micromesh.io/v1\nkind: ${kind}\nmetadata: { name: ${name}${metadata} }\nspec: { ${spec} }\n---\n`;
}

/** The limits for a method of `hello`. */
export function limitsOf(text: string, path = '/h.H/A', side: LimitSide = 'server'): MethodLimits {
  const limits = policySet(text).limitsOf({ name: 'hello' }, side)?.of(path);
  if (limits === undefined) throw new Error(`nothing limits ${path}`);
  return limits;
}

/** A call, as limits look at it. */
export function limitedCall(
  headers: Readonly<Record<string, string>> = {},
  method: Method = methodAt('/h.H/A'),
): LimitedCall {
  return { method, metadata: Metadata.fromHttp2Headers(headers) };
}

/** A unary method. */
export function methodAt(path: string): Method {
  return { path, service: 'h.H', name: 'A', kind: 'unary', idempotency: 'unknown' };
}
