import { control } from './contenders/control.js';
import type { FaultContender } from './contenders/fault-client.js';
import { readEffects } from './count/effects.js';
import { brokenPromises } from './count/promise.js';
import { type FaultRow, type FaultRun, judgeCalls, p99After, rowOf, skippedRow } from './count/row.js';
import type { Fault, OutageSetting } from './fault.js';
import { nowMs } from './process/now.js';
import { allEnded } from './stage/all-ended.js';
import { type ClientCalls, Stage } from './stage/stage.js';
import { UNARY_METHODS } from './stage/stage-setting.js';
import { StageUnavailable } from './stage/stage-unavailable.js';

const AFTER_MS = 6_000;
/** So that every client's process has heard of it. */
const LEAD_MS = 200;
/** Connections are made and code is compiled: these calls do not count. */
const WARM_UP_MS = 5_000;
/** What nobody waits for any more has taken effect by then. */
const SETTLE_MS = 700;

/** How a fault is run. */
export interface RunSetting extends OutageSetting {
  readonly contenders: readonly FaultContender[];
  /** Of each client, calls a second. */
  readonly rate: number;
  /** How long calls are counted before the fault, in ms. */
  readonly beforeMs: number;
  /** And after it; undefined: as the fault says, or 6000, for an outage after its end. */
  readonly afterMs: number | undefined;
  /** Ends the run early. */
  readonly signal: AbortSignal;
  /** Hears what is done now. */
  readonly onStep: (step: string) => void;
}

/** Brings one fault while all clients call the same nodes, and gives two rows a client. */
export async function runFault(fault: Fault, setting: RunSetting): Promise<readonly FaultRow[]> {
  const { contenders, signal, onStep } = setting;
  const stage = new Stage(fault, signal);
  try {
    onStep('starting nodes and clients');
    await stage.open([...contenders, control]);
    await fault.prepare?.(stage);
    const { clients, times } = await loadAndBring(fault, stage, setting);
    onStep('counting');
    await stage.wait(SETTLE_MS);
    const { strikes } = stage;
    const effects = readEffects(await stage.effects());
    const bare = clients.find(({ contender }) => contender === control)?.calls ?? [];
    // Of as few calls as a row has: the p99 of more leaves more of what a shared machine does out.
    const controlP99AfterMs = Math.max(
      ...UNARY_METHODS.map((name) =>
        p99After(
          bare.filter(({ method }) => method === name),
          times.faultMs,
        ),
      ),
    );
    const run = { fault, effects, strikes, controlP99AfterMs, ...times };
    return clients.filter(({ contender }) => contender !== control).flatMap((client) => rowsOf(run, client));
  } catch (error) {
    if (!(error instanceof StageUnavailable)) throw error;
    return contenders.flatMap((contender) => skippedRows(fault, contender, error.message));
  } finally {
    await stage.close();
  }
}

function skippedRows(fault: Fault, { id }: FaultContender, reason: string): readonly FaultRow[] {
  const { methods = UNARY_METHODS } = fault;
  return methods.map((method) => skippedRow(fault, id, method, reason));
}

async function loadAndBring(
  fault: Fault,
  stage: Stage,
  { rate, beforeMs, afterMs, outageMs, onStep }: RunSetting,
): Promise<{ clients: readonly ClientCalls[]; times: Pick<FaultRun, 'countedFromMs' | 'faultMs'> }> {
  const beginMs = nowMs() + LEAD_MS;
  const countedFromMs = beginMs + WARM_UP_MS;
  const dueMs = countedFromMs + beforeMs;
  const ownAfterMs = (fault.afterMs ?? AFTER_MS) + (fault.isOutage === true ? outageMs : 0);
  const endMs = dueMs + (afterMs ?? ownAfterMs);
  onStep('calling');
  const bring = async () => {
    await stage.wait(Math.max(0, dueMs - nowMs()));
    onStep(fault.title);
    await fault.lead?.(stage);
    const faultMs = nowMs();
    await fault.bring(stage, { outageMs });
    return faultMs;
  };
  const loaded = stage.load(rate * (fault.rateRatio ?? 1), beginMs, endMs);
  const brought = bring();
  await allEnded([loaded, brought]);
  return { clients: await loaded, times: { countedFromMs, faultMs: await brought } };
}

function rowsOf(run: FaultRun, { contender, calls }: ClientCalls): readonly FaultRow[] {
  const { methods = UNARY_METHODS } = run.fault;
  const judged = judgeCalls(run, contender.id, calls);
  return methods.map((method) => {
    const row = rowOf(run, contender.id, method, judged);
    const own = judged.filter((call) => call.method === method);
    return { ...row, broken: brokenPromises(run, contender, row, own), takes: 1 };
  });
}
