import type { Logger } from 'micromesh';

/** A logger that keeps tests quiet. */
export const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
