/** What a run is made of. */
export interface ReloadOptions {
  /** Versions of the policies that are written, one after the other, evenly over the time. */
  readonly versions: number;
  readonly seconds: number;
  /** Calls a second, started on time however long others take. */
  readonly rps: number;
}

/** A minute. */
export const RELOAD_DEFAULTS: ReloadOptions = { versions: 1000, seconds: 60, rps: 400 };
