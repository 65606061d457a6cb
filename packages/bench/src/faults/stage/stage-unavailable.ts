/** A stage could not be set up on this machine, which is no failure of anybody. */
export class StageUnavailable extends Error {}
