import { describe, expect, it } from 'vitest';
import { documentOf } from '../testing/example-resource.js';
import { validate } from '../validate/validate.js';
import { ANNOTATIONS } from './annotations.js';

const SPEC = { hosts: ['hello'], http: [{ route: [{ destination: { host: 'hello' } }] }] };

function annotated(annotations: Record<string, string>) {
  return validate([{ ...documentOf('VirtualService', SPEC, 'file'), annotations }]);
}

describe('an annotation of micromesh', () => {
  it.each([
    [{ 'micromesh.io/fault-scope': 'attempt' }, { faultScope: 'attempt' }],
    [{ 'micromesh.io/fault-scope': 'call' }, { faultScope: 'call' }],
    [{ 'micromesh.io/seed': '4294967295' }, { seed: 4_294_967_295 }],
    [{ 'micromesh.io/hedge': '50ms' }, { hedge: { kind: 'delay', delay: { text: '50ms', ms: 50 } } }],
    [{ 'micromesh.io/hedge': 'p95' }, { hedge: { kind: 'percentile', ratio: 0.95 } }],
    [{ 'micromesh.io/adaptive-attempt-timeout': 'true' }, { adaptiveAttemptTimeout: true }],
    [{ 'micromesh.io/dry-run': 'false' }, { dryRun: false }],
    [{ 'example.com/owner': 'a', 'istio.io/dry-run': 'x' }, {}],
  ])('%j is read as %j', (annotations, read) => {
    const { resources, problems } = annotated(annotations);
    expect(problems).toEqual([]);
    expect(resources[0]?.annotations).toEqual(read);
  });

  it.each([
    ['micromesh.io/fault-scope', ['Call', '']],
    ['micromesh.io/seed', ['4294967296', '-1', '1.5', '0x1', '']],
    ['micromesh.io/hedge', ['p99', '0s', '95', '']],
    ['micromesh.io/adaptive-attempt-timeout', ['yes', 'TRUE', '1', '']],
    ['micromesh.io/dry-run', ['yes', 'TRUE', '1', '']],
  ])('%s has values that it does not take', (name, values) => {
    expect(ANNOTATIONS.has(name)).toBe(true);
    for (const value of values) {
      const { problems, resources } = annotated({ [name]: value });
      expect(problems).toMatchObject([{ severity: 'error', path: `metadata.annotations["${name}"]` }]);
      expect(resources).toEqual([]);
    }
  });
});
