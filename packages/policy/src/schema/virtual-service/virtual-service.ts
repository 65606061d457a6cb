import type { z } from 'zod';
import { applied, message, noMeaning, notSupported } from '../field.js';
import { list, text } from '../leaves.js';
import { httpRoute } from './http-route.js';
import { tcpRoute, tlsRoute } from './l4-routes.js';

/** The `spec` of a VirtualService. */
export const virtualServiceSpec = message('VirtualService', {
  hosts: applied(
    list(text()),
    'the services whose calls it is for, at the HTTP gateway the names in `Host`; only a delegate has none',
  ),
  gateways: applied(
    list(text()),
    '`mesh`: calls of processes; another name: the HTTP gateway of that name, `createGateway({ name })`; default `mesh`',
    'a host without rules for the gateway is served by its path, under the rules for `mesh`',
  ),
  http: applied(list(httpRoute), 'the rules, in order; the first that matches counts'),
  tls: notSupported(list(tlsRoute), 'micromesh carries gRPC calls, not connections', 'write http rules'),
  tcp: notSupported(list(tcpRoute), 'micromesh carries gRPC calls, not connections', 'write http rules'),
  exportTo: noMeaning(
    list(text()),
    'a process applies what is in its folders and its Consul, whatever the namespace',
    'take it out, or keep it in a folder that others do not read',
  ),
});

/** The `spec` of a VirtualService, validated. */
export type VirtualServiceSpec = z.infer<typeof virtualServiceSpec>;
