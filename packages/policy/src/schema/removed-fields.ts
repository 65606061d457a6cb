const BY_HEADERS = 'write headers: { request: { set, add, remove }, response: { ... } }';

/** What replaced the fields that Istio has removed, by message. */
export const REMOVED_FIELDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  HTTPRoute: {
    websocketUpgrade: 'take it out: nothing need be said for it',
    appendHeaders: BY_HEADERS,
    removeResponseHeaders: BY_HEADERS,
    appendResponseHeaders: BY_HEADERS,
    removeRequestHeaders: BY_HEADERS,
    appendRequestHeaders: BY_HEADERS,
  },
  HTTPRouteDestination: {
    removeResponseHeaders: BY_HEADERS,
    appendResponseHeaders: BY_HEADERS,
    removeRequestHeaders: BY_HEADERS,
    appendRequestHeaders: BY_HEADERS,
  },
  TLSMatchAttributes: { sourceSubnet: 'micromesh carries gRPC calls, not connections: write http rules' },
  'HTTPFaultInjection.Abort': { percent: 'write percentage: { value: ... }' },
  PortSelector: { name: 'write number' },
};
