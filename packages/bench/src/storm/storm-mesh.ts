import { createTestMesh, type FakeClock, type TestMesh } from 'micromesh/testing';
import type { Protection } from './protection.js';
import { FrontService, StockService } from './storm-services.js';
import type { StormSetting } from './storm-setting.js';
import { WorkQueue } from './work-queue.js';

/** More than any storm asks for. */
const NO_BUDGET = { perSecond: 1e6 };

/** Callers, front and stock in memory: front's nodes only pass calls on, stock's have so many workers. */
export class StormMesh {
  /** A call, as the callers make it. */
  readonly order: (id: string) => Promise<string>;
  /** Requests that have reached stock. */
  attempts = 0;
  readonly #test: TestMesh;
  readonly #setting: StormSetting;
  readonly #queues: WorkQueue[] = [];

  constructor(setting: StormSetting, protection: Protection) {
    const { seed, timeoutMs, retries, nodes } = setting;
    this.#setting = setting;
    // All but the retries and the deadline are defaults.
    this.#test = createTestMesh({
      seed,
      defaults: { timeoutMs, retries },
      ...(protection.budget ? {} : { retryBudget: NO_BUDGET }),
    });
    const front = this.#test.mesh.client(FrontService, { service: 'front', idempotent: true });
    this.order = (id) => front.order(id);
    for (let node = 0; node < nodes; node++) this.#addStock();
    this.#addFronts(protection);
  }

  get clock(): FakeClock {
    return this.#test.clock;
  }

  /** Half of stock's workers stand still, or all work again. */
  halve(halved: boolean): void {
    const { workers } = this.#setting;
    for (const queue of this.#queues) queue.staff(halved ? workers / 2 : workers);
  }

  /** Ends the mesh, when what waits at stock is done. */
  async close(): Promise<void> {
    const { queue, workers, workMs } = this.#setting;
    await this.#test.advance((queue / workers + 1) * workMs);
    await this.#test.close();
  }

  #addFronts({ chainStop }: Protection): void {
    const { mesh } = this.#test;
    const stock = mesh.client(StockService, { service: 'stock', idempotent: true });
    for (let node = 0; node < this.#setting.nodes; node++) {
      this.#test.addNode('front').serve(FrontService, {
        order: (id, { signal, remainingMs }) => {
          if (chainStop) return stock.reserve(id);
          // Out of the context of the server call nothing is known of the attempt; deadline and cancellation go on all the same.
          return mesh.detached(() => stock.reserve(id, { signal, timeoutMs: Math.max(1, remainingMs()) }));
        },
      });
    }
  }

  #addStock(): void {
    const queue = new WorkQueue(this.clock, this.#setting);
    const { dropsAbandoned } = this.#setting;
    this.#queues.push(queue);
    this.#test.addNode('stock').serve(StockService, {
      reserve: async (id, context) => {
        this.attempts++;
        await queue.work(dropsAbandoned ? context.signal : undefined);
        return id;
      },
    });
  }
}
