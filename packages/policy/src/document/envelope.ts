import { nearestName } from '@micromesh/core';
import type { FieldPath, Finding } from '../problem.js';
import { isPlainObject, type PlainObject, type PlainValue, showValue } from './plain-value.js';
import type { ResourceDocument } from './resource-document.js';

/** What every resource has around its `spec`. */
export type Envelope = Omit<ResourceDocument, 'file' | 'locate'>;

const FIELDS = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];
/** Kubernetes' ObjectMeta: what `kubectl get -o yaml` writes is read without a word. */
const METADATA_FIELDS = [
  'name',
  'namespace',
  'labels',
  'annotations',
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'finalizers',
  'generateName',
  'generation',
  'managedFields',
  'ownerReferences',
  'resourceVersion',
  'selfLink',
  'uid',
];
const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const NAME_FIX = 'give lower-case letters, digits, hyphens and dots, a letter or digit at both ends';

/**
 * Reads the envelope of one resource.
 *
 * @param find - takes what is wrong; paths begin at the resource.
 * @returns undefined when it cannot be said what the resource is.
 */
export function readEnvelope(value: PlainValue, find: (finding: Finding) => void): Envelope | undefined {
  const error = (path: FieldPath, message: string, fix: string) =>
    find({ severity: 'error', path, message, fix });
  if (!isPlainObject(value)) {
    error([], `${showValue(value)} is no resource`, 'begin with apiVersion, kind, metadata and spec');
    return undefined;
  }
  for (const name of Object.keys(value)) {
    if (FIELDS.includes(name)) continue;
    const near = nearestName(name, FIELDS);
    error(
      [name],
      `there is no field ${name} in a resource`,
      near === undefined ? `a resource has ${FIELDS.join(', ')}` : `did you mean ${near}?`,
    );
  }
  const apiVersion = readWord(value, 'apiVersion', 'networking.istio.io/v1', error);
  const kind = readWord(value, 'kind', 'VirtualService or DestinationRule', error);
  const metadata = readMetadata(value.metadata, error);
  const name = readName(metadata, error);
  if (apiVersion === undefined || kind === undefined) return undefined;
  return {
    apiVersion,
    kind,
    name,
    namespace: readNamespace(metadata, error),
    annotations: readAnnotations(metadata.annotations, error),
    metadata,
    spec: value.spec ?? {},
  };
}

type ErrorAt = (path: FieldPath, message: string, fix: string) => void;

function readWord(value: PlainObject, field: string, example: string, error: ErrorAt): string | undefined {
  const word = value[field];
  if (typeof word === 'string' && word !== '') return word;
  if (word === undefined) error([field], `${field} is missing`, `write ${field}: ${example}`);
  else error([field], `${showValue(word)} is no ${field}`, `write ${field}: ${example}`);
  return undefined;
}

function readMetadata(metadata: PlainValue | undefined, error: ErrorAt): PlainObject {
  if (!isPlainObject(metadata)) {
    if (metadata !== undefined)
      error(['metadata'], `${showValue(metadata)} is no metadata`, 'write name: below it');
    return {};
  }
  for (const name of Object.keys(metadata)) {
    if (METADATA_FIELDS.includes(name)) continue;
    const near = nearestName(name, METADATA_FIELDS);
    error(
      ['metadata', name],
      `there is no field ${name} in metadata`,
      near === undefined ? 'take it out; extensions are annotations' : `did you mean ${near}?`,
    );
  }
  return metadata;
}

function readName(metadata: PlainObject, error: ErrorAt): string {
  const { name } = metadata;
  if (name === undefined) {
    error(['metadata', 'name'], 'metadata.name is missing', 'name the resource');
    return '';
  }
  if (typeof name === 'string' && NAME.test(name)) return name;
  error(['metadata', 'name'], `${showValue(name)} is no name of a resource`, NAME_FIX);
  return typeof name === 'string' ? name : '';
}

function readNamespace(metadata: PlainObject, error: ErrorAt): string | undefined {
  const { namespace } = metadata;
  if (namespace === undefined) return undefined;
  if (typeof namespace === 'string' && NAMESPACE.test(namespace)) return namespace;
  error(
    ['metadata', 'namespace'],
    `${showValue(namespace)} is no namespace`,
    'give lower-case letters, digits and hyphens, a letter or digit at both ends',
  );
  return undefined;
}

function readAnnotations(
  annotations: PlainValue | undefined,
  error: ErrorAt,
): Readonly<Record<string, string>> {
  if (annotations === undefined) return {};
  const path = ['metadata', 'annotations'];
  if (!isPlainObject(annotations)) {
    error(path, `${showValue(annotations)} are no annotations`, 'write name: "value" below it');
    return {};
  }
  const read: Record<string, string> = {};
  for (const [name, value] of Object.entries(annotations)) {
    if (typeof value === 'string') read[name] = value;
    else error([...path, name], `${showValue(value)} is no string`, `write it in quotes: "${String(value)}"`);
  }
  return read;
}
