import type { PlainObject, PlainValue } from '../document/plain-value.js';
import type { ResourceDocument } from '../document/resource-document.js';
import { KINDS, type Kind } from '../schema/kinds.js';

const TO_HELLO: PlainObject = { host: 'hello' };
const SHARE: PlainObject = { value: 50 };

/** What an object has beside one of its fields so that it is right. */
export function companions(message: string, field: string): PlainObject {
  switch (message) {
    case 'VirtualService':
      return { hosts: ['hello'], http: [companions('HTTPRoute', 'route')] };
    case 'HTTPRoute':
      if (['redirect', 'directResponse', 'delegate'].includes(field)) return {};
      return {
        route: [{ destination: TO_HELLO }],
        ...(field === 'mirrorPercentage' ? { mirror: TO_HELLO } : {}),
      };
    case 'HTTPMatchRequest':
      return field === 'ignoreUriCase' ? { uri: { prefix: '/hello.v1.Hello/' } } : {};
    case 'HTTPRouteDestination':
    case 'HTTPMirrorPolicy':
      return { destination: TO_HELLO };
    case 'Destination':
      return TO_HELLO;
    case 'HTTPRetry':
      return { attempts: 1, ...(field === 'perTryTimeout' ? { retryOn: 'reset' } : {}) };
    case 'HTTPFaultInjection.Delay':
      return { percentage: SHARE, ...(field === 'exponentialDelay' ? {} : { fixedDelay: '1s' }) };
    case 'HTTPFaultInjection.Abort':
      return {
        percentage: SHARE,
        ...(['httpStatus', 'http2Error'].includes(field) ? {} : { grpcStatus: 'ABORTED' }),
      };
    case 'RegexRewrite':
      return { match: 'a', rewrite: 'b' };
    case 'HTTPRedirect':
      return field === 'prefixRewrite' ? {} : { uri: '/there' };
    case 'HTTPDirectResponse':
      return { status: 503 };
    case 'Delegate':
      return { name: 'other' };
    case 'DestinationRule':
      return TO_HELLO;
    case 'Subset':
      return { name: 'v1', labels: { version: '1' } };
    case 'TrafficPolicy.PortTrafficPolicy':
      return { port: { number: 80 } };
    case 'LoadBalancerSettings.ConsistentHashLB':
      return ['ringHash', 'maglev', 'minimumRingSize'].includes(field) ? { useSourceIp: true } : {};
    case 'LoadBalancerSettings.ConsistentHashLB.HTTPCookie':
    case 'LoadBalancerSettings.ConsistentHashLB.HTTPCookie.Attribute':
      return { name: 'user' };
    case 'WarmupConfiguration':
      return { duration: '30s' };
    case 'LocalityLoadBalancerSetting.Distribute':
      return { from: 'eu', to: { eu: 100 } };
    case 'LocalityLoadBalancerSetting.Failover':
      return { from: 'eu', to: 'asia', ...(field === 'to' ? { from: 'asia' } : {}) };
    case 'ConnectionPoolSettings.HTTPSettings.ConnectionKeepalive':
      return { interval: '30s', timeout: '5s' };
    case 'OutlierDetection':
      return field === 'consecutiveLocalOriginFailures' ? { splitExternalLocalOriginErrors: true } : {};
    case 'ClientTLSSettings':
      if (field === 'mode') return {};
      if (field === 'clientCertificate' || field === 'privateKey') {
        return { mode: 'MUTUAL', clientCertificate: '/c.pem', privateKey: '/k.pem' };
      }
      return { mode: 'SIMPLE' };
    case 'RateLimit':
      return { host: 'hello', tokenBucket: { maxTokens: 5, fillInterval: '1s' }, perHeaders: ['x-a'] };
    case 'TokenBucket':
      return { maxTokens: 5, fillInterval: '1s' };
    case 'ConcurrencyLimit':
      return { host: 'hello', maxConcurrent: 5, ...(field === 'queueTimeout' ? { maxQueued: 5 } : {}) };
    default:
      return {};
  }
}

/** A document as `readResources` makes them, without a text. */
export function documentOf(kind: Kind, spec: PlainValue, file: string, name = 'example'): ResourceDocument {
  return {
    apiVersion: KINDS[kind].apiVersions[0] ?? '',
    kind,
    name,
    namespace: undefined,
    annotations: {},
    metadata: { name },
    spec,
    file,
    locate: () => ({ line: 1, column: 1 }),
  };
}
