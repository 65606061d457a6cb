import type { FieldPath } from '../../problem.js';
import type { ClientTlsSettings } from '../../schema/destination-rule/tls.js';
import { type Finder, given } from '../finder.js';

/** How connections are secured: what goes with each mode. */
export function checkTls(settings: ClientTlsSettings, path: FieldPath, find: Finder): void {
  if (find.isUncertain([...path, 'mode'])) return;
  const { mode = 'DISABLE' } = settings;
  const others = given(
    settings,
    'clientCertificate',
    'privateKey',
    'caCertificates',
    'credentialName',
    'subjectAltNames',
    'sni',
    'insecureSkipVerify',
    'caCrl',
  );
  if (mode === 'DISABLE' || mode === 'ISTIO_MUTUAL') {
    for (const name of others) {
      find.error(
        [...path, name],
        `${name} does not go with mode ${mode}`,
        'write mode SIMPLE or MUTUAL, or take it out',
      );
    }
  } else checkFiles(settings, mode, path, find);
  if (mode === 'DISABLE') return;
  find.warning(
    settings.mode === undefined ? path : [...path, 'mode'],
    `calls are refused: the mesh cannot speak TLS (${mode}) yet, and sends nothing in clear text that should be secret`,
    'keep it if that is meant, else write mode: DISABLE',
  );
}

function checkFiles(
  settings: ClientTlsSettings,
  mode: 'SIMPLE' | 'MUTUAL',
  path: FieldPath,
  find: Finder,
): void {
  const { clientCertificate, privateKey, credentialName } = settings;
  const files = given(settings, 'clientCertificate', 'privateKey', 'caCertificates', 'caCrl');
  if (credentialName !== undefined) {
    for (const name of files) {
      find.error([...path, name], `${name} and credentialName exclude each other`, 'keep one of them');
    }
    return;
  }
  if (mode === 'SIMPLE') {
    for (const name of given(settings, 'clientCertificate', 'privateKey')) {
      find.error([...path, name], `${name} does not go with mode SIMPLE`, 'write mode: MUTUAL');
    }
    return;
  }
  for (const [name, value] of Object.entries({ clientCertificate, privateKey })) {
    if (value === undefined)
      find.error([...path, name], `mode MUTUAL needs ${name}`, `write ${name}: with the path of a file`);
  }
}
