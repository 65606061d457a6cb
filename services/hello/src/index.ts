export { type EffectLog, openEffectLog } from './effect-log.js';
export type { HelloHandlers } from './gen/hello/v1/hello.handlers.js';
export { HelloClient, HelloService } from './gen/hello/v1/hello.js';
export { type HelloOptions, helloHandlers } from './handlers.js';
export { Misbehaviour, type Orders } from './misbehaviour.js';
