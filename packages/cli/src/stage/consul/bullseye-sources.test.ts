import { describe, expect, it } from 'vitest';
import { bullseyeSources } from './bullseye-sources.js';

const MIRROR = 'http://mirror.example/debian';

describe('a source list of Debian bullseye', () => {
  it('keeps mirror and keys of a .sources file, passing over comments, security and disabled stanzas', () => {
    const text = [
      '# a note',
      'Types: deb',
      'URIs: http://mirror.example/debian-security',
      'Suites: bookworm-security',
      'Components: main',
      '',
      'Enabled: no',
      'Types: deb',
      'URIs: http://other.example/debian',
      'Suites: bookworm',
      '',
      'Types: deb',
      '# another note',
      `URIs: ${MIRROR}`,
      'Suites: bookworm bookworm-updates',
      'Components: main contrib',
      'Signed-By: /keys/debian.gpg',
    ].join('\n');
    expect(bullseyeSources([text])).toBe(
      `Types: deb\nURIs: ${MIRROR}\nSuites: bullseye\nComponents: main\nSigned-By: /keys/debian.gpg\n`,
    );
  });

  it('reads lines of a .list file, with and without options', () => {
    expect(bullseyeSources(['', `deb [arch=amd64 signed-by=/keys/a.gpg] ${MIRROR} bookworm main`])).toContain(
      `URIs: ${MIRROR}\nSuites: bullseye\nComponents: main\nSigned-By: /keys/a.gpg`,
    );
    expect(bullseyeSources([`deb ${MIRROR}/ bookworm main`])).toContain('Signed-By: /usr/share/keyrings/');
  });

  it('is none where no Debian mirror is named', () => {
    expect(
      bullseyeSources(['', 'deb http://other.example/ubuntu noble main\n# deb x/debian y z']),
    ).toBeUndefined();
  });
});
