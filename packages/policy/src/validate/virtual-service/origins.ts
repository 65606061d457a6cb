import type { FieldPath } from '../../problem.js';
import type { HttpRoute } from '../../schema/virtual-service/http-route.js';
import type { Finder } from '../finder.js';
import { checkStringMatch } from './string-match.js';

const EVERY = '*';
/** Every origin, and that of pages without one. */
const WORDS = [EVERY, 'null'];

/** The origins whose pages may call. */
export function checkOrigins({ corsPolicy }: HttpRoute, path: FieldPath, find: Finder): void {
  for (const [index, origin] of (corsPolicy?.allowOrigins ?? []).entries()) {
    const at = [...path, 'corsPolicy', 'allowOrigins', index];
    checkStringMatch(origin, at, { presence: false }, find);
    if (origin.exact !== undefined) checkExact(origin.exact, [...at, 'exact'], find);
    if (origin.exact === EVERY && corsPolicy?.allowCredentials === true)
      warnOfCookies([...at, 'exact'], find);
  }
}

/** Istio takes any text, and one that no browser sends as `Origin` lets nobody in. */
function checkExact(exact: string, path: FieldPath, find: Finder): void {
  const sent = sentFor(exact);
  if (sent === exact) return;
  find.warning(
    path,
    `${JSON.stringify(exact)} is no Origin that a browser sends, so it lets no page in`,
    sent === undefined ? 'write exact: https://example.com, or a regex for several' : `write exact: ${sent}`,
  );
}

/** Fetch takes no `*` beside credentials, and the answer names the page's own origin, as Envoy's does. */
function warnOfCookies(path: FieldPath, find: Finder): void {
  find.warning(
    path,
    'with allowCredentials lets the pages of every site call with the cookies of their users, and pages without an origin, too',
    'name the origins (exact: https://example.com), or leave allowCredentials out',
  );
}

/** What browsers send for the origin that is meant; undefined: that cannot be told. */
function sentFor(exact: string): string | undefined {
  if (WORDS.includes(exact)) return exact;
  if (exact.includes('*')) return undefined;
  const hasScheme = exact.includes('://');
  const written = hasScheme ? exact : `https://${exact}`;
  if (!URL.canParse(written)) return undefined;
  const { protocol, origin, host } = new URL(written);
  if (host === '') return undefined;
  // Of other schemes, as of extensions, the browser alone knows how it writes them.
  return ['http:', 'https:'].includes(protocol) ? origin : written;
}
