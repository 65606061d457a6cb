import type { CallReceiver, IncomingCall, NodeScript } from './node-script.js';

/** Answers a request by a script. */
export class ScriptedReceiver implements CallReceiver {
  #replied = false;

  /** @param early - replies to the first message; default: when all messages are there. */
  constructor(
    private readonly call: IncomingCall,
    private readonly script: NodeScript,
    private readonly early = false,
  ) {}

  onRequests(): void {
    let taken = 0;
    while (this.call.take() !== undefined) taken++;
    const ready = this.call.halfClosed || (this.early && taken > 0);
    if (this.#replied || !ready) return;
    this.#replied = true;
    this.call.reply(this.script(this.call));
  }

  onDrained(): void {}

  onGone(): void {}
}
