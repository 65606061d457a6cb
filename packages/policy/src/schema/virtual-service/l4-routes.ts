import { message, notSupported } from '../field.js';
import { anyText, integer, list, MAX_INT32, mapOf, port, text } from '../leaves.js';
import { destination } from './destination.js';

const WHY = 'micromesh carries gRPC calls, not connections';
const INSTEAD = 'route by http: a match on uri, headers or port';

const routeDestination = message('RouteDestination', {
  destination: notSupported(destination, WHY, INSTEAD),
  weight: notSupported(integer(0, MAX_INT32), WHY, INSTEAD),
});

const tlsMatchAttributes = message('TLSMatchAttributes', {
  sniHosts: notSupported(list(text()), WHY, INSTEAD),
  destinationSubnets: notSupported(list(text()), WHY, INSTEAD),
  port: notSupported(port(), WHY, INSTEAD),
  sourceLabels: notSupported(mapOf(anyText()), WHY, INSTEAD),
  gateways: notSupported(list(text()), WHY, INSTEAD),
  sourceNamespace: notSupported(text(), WHY, INSTEAD),
});

const l4MatchAttributes = message('L4MatchAttributes', {
  destinationSubnets: notSupported(list(text()), WHY, INSTEAD),
  port: notSupported(port(), WHY, INSTEAD),
  sourceSubnet: notSupported(text(), WHY, INSTEAD),
  sourceLabels: notSupported(mapOf(anyText()), WHY, INSTEAD),
  gateways: notSupported(list(text()), WHY, INSTEAD),
  sourceNamespace: notSupported(text(), WHY, INSTEAD),
});

/** A rule for TLS connections that are passed through. */
export const tlsRoute = message('TLSRoute', {
  match: notSupported(list(tlsMatchAttributes), WHY, INSTEAD),
  route: notSupported(list(routeDestination), WHY, INSTEAD),
});

/** A rule for TCP connections. */
export const tcpRoute = message('TCPRoute', {
  match: notSupported(list(l4MatchAttributes), WHY, INSTEAD),
  route: notSupported(list(routeDestination), WHY, INSTEAD),
});
