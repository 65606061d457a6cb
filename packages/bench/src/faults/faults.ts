import { ANSWERS } from './families/answers.js';
import { DEATHS } from './families/deaths.js';
import { NETWORKS } from './families/networks.js';
import { REGISTRIES } from './families/registries.js';
import { STALLS } from './families/stalls.js';
import type { Fault } from './fault.js';

/** All faults, in the order in which they are run. */
export const FAULTS: readonly Fault[] = [...DEATHS, ...STALLS, ...NETWORKS, ...ANSWERS, ...REGISTRIES];
