export type { CommandIo, Output } from './command/io.js';
export { run } from './command/run.js';
