import { seededRandom } from '@micromesh/core';
import type { Protection } from './protection.js';
import { goodputBefore, recoveredAfterMs } from './recovery.js';
import { StormMesh } from './storm-mesh.js';
import type { StormSecond } from './storm-second.js';
import { capacityPerSecond, type StormSetting } from './storm-setting.js';

/** What a storm came to. */
export interface StormRun {
  readonly protection: Protection;
  readonly seconds: readonly StormSecond[];
  /** Calls a second that ended well before the fault. */
  readonly goodputBefore: number;
  /** How long after the capacity was back goodput was as well, for the rest of the run; null: it was not. */
  readonly recoveredAfterMs: number | null;
}

/**
 * Runs a retry storm on a fake clock.
 *
 * @param onSecond - hears after each second how many have passed.
 */
export async function runStorm(
  setting: StormSetting,
  protection: Protection,
  onSecond: (passed: number) => void = () => {},
): Promise<StormRun> {
  const mesh = new StormMesh(setting, protection);
  const { clock } = mesh;
  const tally = { offered: 0, goodput: 0, attempts: 0 };
  const open = new Set<Promise<void>>();
  openLoop(mesh, setting, () => {
    const call = mesh.order(String(++tally.offered)).then(
      () => void tally.goodput++,
      // What is no goodput has failed.
      () => {},
    );
    open.add(call);
    void call.then(() => open.delete(call));
  });
  clock.setTimer(setting.faultFromMs, () => mesh.halve(true));
  clock.setTimer(setting.faultToMs, () => mesh.halve(false));

  const seconds: StormSecond[] = [];
  for (let second = 0; second < setting.durationMs / 1000; second++) {
    const before = { ...tally };
    await clock.advance(1000);
    tally.attempts = mesh.attempts;
    seconds.push({
      second,
      offered: tally.offered - before.offered,
      goodput: tally.goodput - before.goodput,
      attempts: tally.attempts - before.attempts,
    });
    onSecond(second + 1);
  }
  await clock.advance(setting.timeoutMs);
  await Promise.all(open);
  await mesh.close();
  return {
    protection,
    seconds,
    goodputBefore: goodputBefore(seconds, setting),
    recoveredAfterMs: recoveredAfterMs(seconds, setting),
  };
}

/** Has calls come at random instants (Poisson), whatever becomes of those before. */
function openLoop({ clock }: StormMesh, setting: StormSetting, call: () => void): void {
  const random = seededRandom(setting.seed);
  const perMs = (setting.loadRatio * capacityPerSecond(setting)) / 1000;
  const armNext = (): void => {
    const gapMs = -Math.log(1 - random()) / perMs;
    if (clock.now() + gapMs >= setting.durationMs) return;
    clock.setTimer(gapMs, () => {
      call();
      armNext();
    });
  };
  armNext();
}
