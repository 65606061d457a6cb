export {
  type Registered,
  type Registration,
  type Registry,
  RegistryError,
  type ServiceSummary,
  type ServiceWatch,
  type WatchState,
} from './registry.js';
