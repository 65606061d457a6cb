import type { z } from 'zod';
import { applied, message } from '../field.js';
import { flag, list, text, word } from '../leaves.js';

const REFUSED = 'read, and used when the mesh can speak TLS; until then calls are refused';

/** How the connections to a service are secured. */
export const clientTlsSettings = message('ClientTLSSettings', {
  mode: applied(
    word('DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'),
    'DISABLE: in clear text; with any other, calls are refused until the mesh can speak TLS, never sent in clear text',
  ),
  clientCertificate: applied(text(), REFUSED),
  privateKey: applied(text(), REFUSED),
  caCertificates: applied(text(), REFUSED),
  credentialName: applied(text(), REFUSED),
  subjectAltNames: applied(list(text()), REFUSED),
  sni: applied(text(), REFUSED),
  insecureSkipVerify: applied(flag(), REFUSED),
  caCrl: applied(text(), REFUSED),
});

/** How the connections to a service are secured. */
export type ClientTlsSettings = z.infer<typeof clientTlsSettings>;
