import { nearestName } from '@micromesh/core';
import type { ResourceDocument } from '../document/resource-document.js';
import { isKind, KINDS, type Kind } from '../schema/kinds.js';
import type { Finder } from './finder.js';
import { FOREIGN_KINDS } from './foreign-kinds.js';

/** What kind of resource a document is; undefined where micromesh applies none such, which is found. */
export function checkKind(document: ResourceDocument, find: Finder): Kind | undefined {
  const { kind, apiVersion } = document;
  if (!isKind(kind)) {
    const foreign = FOREIGN_KINDS.get(kind);
    if (foreign !== undefined)
      find.error(['kind'], `a ${kind} does not belong here: ${foreign.why}`, foreign.instead);
    else {
      const kinds = Object.keys(KINDS);
      const near = nearestName(kind, kinds);
      find.error(
        ['kind'],
        `${JSON.stringify(kind)} is no kind of resource that micromesh applies`,
        near === undefined ? `write ${kinds.join(', ')}` : `did you mean ${near}?`,
      );
    }
    return undefined;
  }
  const versions = KINDS[kind].apiVersions;
  if (versions.includes(apiVersion)) return kind;
  find.error(
    ['apiVersion'],
    `${JSON.stringify(apiVersion)} is no version of ${kind}`,
    `write ${versions.join(', ')}`,
  );
  return kind;
}
