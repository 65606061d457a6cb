import { abortable, ConfigError, messageOf, sleep, systemClock } from '@micromesh/core';
import { FAILED, SUCCESS, WRONG_USAGE } from '../command/exit-status.js';
import type { CommandIo } from '../command/io.js';
import { Crew } from '../process/crew.js';
import { npmWatch } from '../process/npm-parent.js';
import { watchForStop } from '../process/stop-signals.js';
import { Demo, type DemoOptions } from './demo.js';
import { isInteractive, LiveView } from './live-view.js';
import { PlainView } from './plain-view.js';

/**
 * Runs the demo until it is interrupted, and ends all its processes.
 *
 * @returns the exit status: 0 when it was interrupted, whatever became of the calls; 1 when it could not start; 2 when an option is wrong, or
 *   there is no Consul or agent.
 */
export async function runLiveDemo(options: DemoOptions, io: CommandIo): Promise<number> {
  const over = new AbortController();
  const crew = new Crew();
  const stopSignals = watchForStop({
    source: process,
    clock: systemClock,
    parentGone: npmWatch(io.env),
    onStop: () => over.abort(new Error('interrupted')),
    onForce: () => crew.killServices(),
  });
  // A reader that has gone (`| head`) ends it as well; its error may come after the last line, so the listener stays.
  io.stdout.on('error', () => stopSignals.stop('SIGHUP'));
  const demo = new Demo(options, {
    crew,
    clock: systemClock,
    env: io.env,
    onLine: options.logs ? (line) => io.stderr.write(`${line}\n`) : undefined,
  });
  try {
    const parts = await abortable(demo.check(), over.signal);
    io.stderr.write(`starting ${parts}\n`);
    await abortable(demo.start(), over.signal);
    const view =
      isInteractive(io) && !options.logs
        ? new LiveView(demo, io, systemClock, () => stopSignals.stop('SIGINT'))
        : new PlainView(demo, io, systemClock);
    try {
      await sleep(systemClock, Number.POSITIVE_INFINITY, over.signal);
    } finally {
      view.close();
    }
    return SUCCESS;
  } catch (error) {
    if (over.signal.aborted) return SUCCESS;
    io.stderr.write(`micromesh demo: ${messageOf(error)}\n`);
    return error instanceof ConfigError ? WRONG_USAGE : FAILED;
  } finally {
    await demo.stop();
    crew.close();
    stopSignals.close();
  }
}
