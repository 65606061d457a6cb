export { EventLog } from './event-log.js';
export { FakeClock } from './fake-clock.js';
