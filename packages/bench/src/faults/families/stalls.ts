import type { Fault } from '../fault.js';

const FREEZE_MS = 4_000;
const BUSY_MS = 2_000;

/** Processes stand still and go on. */
export const STALLS: readonly Fault[] = [
  {
    name: 'frozen',
    title: 'SIGSTOP of one node, SIGCONT after 4 s',
    async bring(stage) {
      for (const node of stage.at(0)) node.freeze();
      await stage.wait(FREEZE_MS);
      for (const node of stage.at(0)) node.thaw();
    },
  },
  {
    name: 'busy',
    title: 'the event loop of one node is blocked for 2 s',
    async bring(stage) {
      await Promise.all(stage.at(0).map((node) => node.keepBusy(BUSY_MS)));
    },
  },
];
