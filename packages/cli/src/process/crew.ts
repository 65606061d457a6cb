import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Guardian, startGuardian } from '../stage/index.js';
import { ServiceProcess, type ServiceProcessOptions } from './service-process.js';

const READY_LIMIT_MS = 20_000;

/** The processes that a program has started, with a temporary folder; nothing of it outlives the program. */
export class Crew {
  /** For files of this program; removed by {@link close}, or by the guardian. */
  readonly folder = mkdtempSync(join(tmpdir(), 'micromesh-demo-'));
  readonly guardian: Guardian = startGuardian();
  readonly #members = new Set<ServiceProcess>();
  #ending = false;

  constructor() {
    this.guardian.watchFolder(this.folder);
  }

  /**
   * Starts a service and resolves when it is ready.
   *
   * @throws Error when it ends early, is not ready within 20 s, or all services were ended.
   */
  async start(options: ServiceProcessOptions): Promise<ServiceProcess> {
    if (this.#ending) throw new Error(`${options.name} is not started: all services are being ended`);
    const member = new ServiceProcess(options, this.guardian);
    this.#members.add(member);
    member.ended.then(
      () => this.#members.delete(member),
      () => {},
    );
    await member.untilReady(READY_LIMIT_MS);
    return member;
  }

  /** Ends all services: SIGTERM, then SIGKILL after `limitMs`. Those that are still starting too. */
  async stopServices(limitMs: number): Promise<void> {
    this.#ending = true;
    await Promise.all([...this.#members].map((member) => member.stop(limitMs)));
  }

  /** SIGKILL to all services. */
  killServices(): void {
    this.#ending = true;
    for (const member of this.#members) member.kill();
  }

  /** Ends the guardian and removes the folder; call it when the services have ended. */
  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
    this.guardian.close();
  }
}
