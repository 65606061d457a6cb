export {
  createGateway,
  type Gateway,
  type GatewayOptions,
  type RunningGateway,
  type StartOptions,
} from './gateway.js';
export type { ErrorBody } from './gateway-error.js';
