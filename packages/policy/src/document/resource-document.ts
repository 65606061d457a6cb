import type { FieldPath, Finding, Position, Problem } from '../problem.js';
import { formatPath } from '../problem.js';
import type { PlainObject, PlainValue } from './plain-value.js';

/** One resource as it was written: its envelope is known, its `spec` is not looked at yet. */
export interface ResourceDocument {
  /** `networking.istio.io/v1` */
  readonly apiVersion: string;
  /** `VirtualService` */
  readonly kind: string;
  /** `metadata.name`; empty where it is missing, which is a problem of its own. */
  readonly name: string;
  /** `metadata.namespace`; undefined where it is silent. */
  readonly namespace: string | undefined;
  /** `metadata.annotations`. */
  readonly annotations: Readonly<Record<string, string>>;
  /** All of `metadata`, with what Kubernetes keeps there. */
  readonly metadata: PlainObject;
  /** An empty object where it is missing. */
  readonly spec: PlainValue;
  readonly file: string;
  /** Where a field stands; a field that is not there stands where its nearest parent does. */
  locate(path: FieldPath): Position;
}

/** Puts a finding into its file and line. */
export function problemAt(document: Pick<ResourceDocument, 'file' | 'locate'>, finding: Finding): Problem {
  const { severity, path, message, fix } = finding;
  return { severity, file: document.file, ...document.locate(path), path: formatPath(path), message, fix };
}
