export {
  createGateway,
  type ErrorBody,
  type Gateway,
  type GatewayOptions,
  type RunningGateway,
  type StartOptions,
} from '@micromesh/gateway';
