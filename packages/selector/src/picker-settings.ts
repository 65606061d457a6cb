import { type Random, systemRandom } from '@micromesh/core';
import { OUTLIER_DEFAULTS } from './outlier-settings.js';

/** How a {@link Picker} deals with many nodes being ill. */
export interface PickerSettings {
  /** As `OutlierSettings` has it. */
  readonly panicRatio: number;
  /** Which calls spill over to another zone; default the machine's chance. */
  readonly random: Random;
}

/** What a picker does unless told otherwise. */
export const PICKER_DEFAULTS: PickerSettings = {
  panicRatio: OUTLIER_DEFAULTS.panicRatio,
  random: systemRandom,
};
