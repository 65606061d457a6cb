/** Where packages come from: a mirror's address and the file with its keys. */
interface Mirror {
  readonly uri: string;
  readonly signedBy: string | undefined;
}

const DEBIAN_KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Writes a deb822 source list of Debian bullseye from the mirrors that the texts (of `.sources` or `.list` files) name.
 *
 * @returns undefined when none of them is a Debian mirror.
 */
export function bullseyeSources(texts: readonly string[]): string | undefined {
  const mirrors = texts.flatMap((text) => [...mirrorsOfStanzas(text), ...mirrorsOfLines(text)]);
  const [first] = mirrors.filter(({ uri }) => /\/debian\/?$/.test(uri));
  if (first === undefined) return undefined;
  const lines = ['Types: deb', `URIs: ${first.uri}`, 'Suites: bullseye', 'Components: main'];
  return `${[...lines, `Signed-By: ${first.signedBy ?? DEBIAN_KEYS}`].join('\n')}\n`;
}

function mirrorsOfStanzas(text: string): Mirror[] {
  const stanzas = text
    .replaceAll(/^#.*\n?/gm, '')
    .split(/\n\s*\n/)
    .map(readFields);
  return stanzas.flatMap((fields) => {
    const enabled = fields.get('enabled') !== 'no' && /\bdeb\b/.test(fields.get('types') ?? '');
    if (!enabled || /security/.test(fields.get('suites') ?? '')) return [];
    const uris = (fields.get('uris') ?? '').split(/\s+/).filter((uri) => uri !== '');
    return uris.map((uri) => ({ uri, signedBy: keyFile(fields.get('signed-by')) }));
  });
}

function readFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of stanza.split('\n')) {
    const match = /^([A-Za-z-]+):\s*(.*)$/.exec(line);
    if (match?.[1] !== undefined) fields.set(match[1].toLowerCase(), (match[2] ?? '').trim());
  }
  return fields;
}

// `deb [signed-by=/a/file arch=amd64] uri suite component...`
function mirrorsOfLines(text: string): Mirror[] {
  const lines = text.matchAll(/^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)/gm);
  return [...lines].flatMap(([, options = '', uri = '', suite = '']) =>
    /security/.test(suite) ? [] : [{ uri, signedBy: keyFile(/signed-by=(\S+)/.exec(options)?.[1]) }],
  );
}

// `Signed-By` may also hold the key itself, over several lines: then Debian's own key file has to do.
function keyFile(signedBy: string | undefined): string | undefined {
  return signedBy?.startsWith('/') ? signedBy : undefined;
}
