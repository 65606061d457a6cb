import { readAnnotations } from '../annotations/annotations.js';
import { problemAt, type ResourceDocument } from '../document/resource-document.js';
import type { Finding, Problem } from '../problem.js';
import { KINDS, type Kind } from '../schema/kinds.js';
import { checkDelegates } from './across/delegates.js';
import { checkDuplicates } from './across/duplicates.js';
import type { Checked } from './across/folder.js';
import { checkSubsets } from './across/subsets.js';
import { checkKind } from './check-kind.js';
import { checkConcurrencyLimit, checkRateLimit } from './check-limits.js';
import { checkStatuses } from './check-statuses.js';
import { checkDestinationRule } from './destination-rule/check-destination-rule.js';
import { Finder, type TakenOut } from './finder.js';
import { readSpec } from './read-spec.js';
import type { Resource } from './resource.js';
import { checkVirtualService } from './virtual-service/check-virtual-service.js';

/** What is applied together: all of it, or nothing where one problem is an error. */
export interface ValidationResult {
  /** Those without an error; each with its problems' warnings at most. */
  readonly resources: readonly Resource[];
  /** In the order of the documents, and of the lines in each. */
  readonly problems: readonly Problem[];
}

interface Looked {
  readonly document: ResourceDocument;
  /** What the schema and the annotations say. */
  readonly form: Finder;
  /** What the rules say, of this resource and of all together. */
  readonly sense: Finder;
  readonly resource: Resource | undefined;
}

/**
 * Looks at resources that are applied together: their form, what they say, and whether they fit each other. Never throws.
 */
export function validate(documents: readonly ResourceDocument[]): ValidationResult {
  const looked = documents.map(look);
  const folder: Checked[] = [];
  for (const { resource, sense } of looked) {
    if (resource === undefined) continue;
    checkAlone(resource, sense);
    folder.push({ resource, find: sense });
  }
  checkDuplicates(folder);
  checkSubsets(folder);
  checkDelegates(folder);
  const problems: Problem[] = [];
  const resources: Resource[] = [];
  for (const { document, form, sense, resource } of looked) {
    const findings = [...form.findings, ...sense.findings];
    problems.push(...inOrder(document, findings));
    if (resource !== undefined && findings.every(({ severity }) => severity !== 'error'))
      resources.push(resource);
  }
  return { resources, problems };
}

function look(document: ResourceDocument): Looked {
  const form = new Finder();
  const kind = checkKind(document, form);
  if (kind === undefined) return { document, form, sense: new Finder(), resource: undefined };
  const annotations = readAnnotations(document, (finding) => form.findings.push(finding));
  checkStatuses(KINDS[kind].spec, document.spec, form);
  const { name, namespace } = document;
  const { resource, takenOut } = readAs(kind, { name, namespace, annotations, document }, form);
  return { document, form, sense: new Finder(takenOut), resource };
}

type Base = Pick<Resource, 'name' | 'namespace' | 'annotations' | 'document'>;

interface ReadAs {
  readonly resource: Resource | undefined;
  readonly takenOut: TakenOut;
}

function readAs(kind: Kind, base: Base, form: Finder): ReadAs {
  const given = base.document.spec;
  switch (kind) {
    case 'VirtualService': {
      const { spec, takenOut } = readSpec(KINDS.VirtualService.spec, given, form);
      return { resource: spec === undefined ? undefined : { kind, ...base, spec }, takenOut };
    }
    case 'DestinationRule': {
      const { spec, takenOut } = readSpec(KINDS.DestinationRule.spec, given, form);
      return { resource: spec === undefined ? undefined : { kind, ...base, spec }, takenOut };
    }
    case 'RateLimit': {
      const { spec, takenOut } = readSpec(KINDS.RateLimit.spec, given, form);
      return { resource: spec === undefined ? undefined : { kind, ...base, spec }, takenOut };
    }
    case 'ConcurrencyLimit': {
      const { spec, takenOut } = readSpec(KINDS.ConcurrencyLimit.spec, given, form);
      return { resource: spec === undefined ? undefined : { kind, ...base, spec }, takenOut };
    }
  }
}

function checkAlone(resource: Resource, find: Finder): void {
  switch (resource.kind) {
    case 'VirtualService':
      checkVirtualService(resource, find);
      break;
    case 'DestinationRule':
      checkDestinationRule(resource, find);
      break;
    case 'RateLimit':
      checkRateLimit(resource, find);
      break;
    case 'ConcurrencyLimit':
      checkConcurrencyLimit(resource, find);
      break;
  }
}

function inOrder(document: ResourceDocument, findings: readonly Finding[]): readonly Problem[] {
  const problems = findings.map((finding) => problemAt(document, finding));
  return problems.sort((a, b) => a.line - b.line || a.column - b.column);
}
