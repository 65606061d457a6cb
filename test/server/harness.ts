import type { Client, Metadata, ServiceError, StatusObject } from '@grpc/grpc-js';
import { type Clock, type Logger, systemClock, systemRandom } from '@micromesh/core';
import type { Registration, Registry } from '@micromesh/registry';
import {
  createServer,
  type Handlers,
  type RunningServer,
  type ServerInterceptor,
  type ServerLimits,
  type StartOptions,
} from '@micromesh/server';
import { type EchoReply, type EchoRequest, EchoService } from './echo.js';

/** A registry that does what a test tells it. */
export class FakeRegistry implements Registry {
  readonly description = 'fake';
  readonly registered: Registration[] = [];
  readonly deregistered: string[] = [];
  /** Runs before each registration: throw, or wait. */
  onRegister: (attempt: number) => Promise<void> | void = () => {};
  onDeregister: () => Promise<void> | void = () => {};
  attempts = 0;

  async register(registration: Registration) {
    await this.onRegister(++this.attempts);
    this.registered.push(registration);
    return {
      id: registration.id,
      deregister: async () => {
        await this.onDeregister();
        this.deregistered.push(registration.id);
      },
    };
  }

  watch(): never {
    throw new Error('a server watches nothing');
  }

  services() {
    return Promise.resolve([]);
  }

  close() {
    return Promise.resolve();
  }
}

export interface Line {
  readonly level: string;
  readonly fields: object;
  readonly message: string;
}

/** A logger that keeps its lines. */
export class RecordingLogger implements Logger {
  readonly lines: Line[] = [];

  debug(fields: object, message: string) {
    this.lines.push({ level: 'debug', fields, message });
  }
  info(fields: object, message: string) {
    this.lines.push({ level: 'info', fields, message });
  }
  warn(fields: object, message: string) {
    this.lines.push({ level: 'warn', fields, message });
  }
  error(fields: object, message: string) {
    this.lines.push({ level: 'error', fields, message });
  }

  of(level: string): Line[] {
    return this.lines.filter((line) => line.level === level);
  }
}

/** Handlers that echo; a test replaces those that it looks at. */
export const echoHandlers: Handlers<typeof EchoService> = {
  say: async ({ text, payload }) => ({ text, payload }),
  gather: async (requests) => {
    const texts: string[] = [];
    for await (const { text } of requests) texts.push(text);
    return { text: texts.join(',') };
  },
  list: async function* ({ text, count, payload }) {
    for (let index = 0; index < count; index++) yield { text: `${text}${index}`, payload };
  },
  chat: async function* (requests) {
    for await (const { text } of requests) yield { text };
  },
};

export interface Setup extends StartOptions {
  readonly handlers?: Partial<Handlers<typeof EchoService>>;
  readonly interceptors?: readonly ServerInterceptor[];
  readonly registry?: Registry;
  readonly logger?: Logger;
  readonly limits?: ServerLimits;
  readonly clock?: Clock;
}

/** Starts a server of `echo.v1.Echo`. */
export function startEcho(setup: Setup = {}): Promise<RunningServer> {
  const {
    handlers,
    interceptors = [],
    registry = new FakeRegistry(),
    logger = new RecordingLogger(),
    limits,
    clock = systemClock,
    ...start
  } = setup;
  const builder = createServer({
    service: 'echo',
    registry,
    logger,
    clock,
    random: systemRandom,
    ...(limits && { limits }),
  }).add(EchoService, { ...echoHandlers, ...handlers });
  for (const interceptor of interceptors) builder.use(interceptor);
  return builder.start({ drain: { lameDuckMs: 0, graceMs: 1000 }, ...start });
}

export interface CallOptions {
  readonly metadata?: Metadata;
  readonly deadlineMs?: number;
  readonly flags?: number;
}

export interface Answer {
  readonly reply: EchoReply | undefined;
  readonly error: ServiceError | null;
  readonly header: Metadata | undefined;
  readonly status: StatusObject;
}

/** One unary call; resolves for failures as well. */
export async function say(
  client: Client,
  request: Partial<EchoRequest>,
  { metadata, deadlineMs }: CallOptions = {},
): Promise<Answer> {
  const { Metadata } = await import('@grpc/grpc-js');
  return new Promise((resolve) => {
    const result: {
      reply?: EchoReply;
      error?: ServiceError | null;
      header?: Metadata;
      status?: StatusObject;
    } = {};
    const finish = () => {
      if (result.error === undefined || result.status === undefined) return;
      resolve({ reply: result.reply, error: result.error, header: result.header, status: result.status });
    };
    const call = client.makeUnaryRequest(
      EchoService.say.path,
      EchoService.say.requestSerialize,
      EchoService.say.responseDeserialize,
      request,
      metadata ?? new Metadata(),
      deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
      (error, reply) => {
        result.error = error;
        if (reply !== undefined) result.reply = reply;
        finish();
      },
    );
    call.on('metadata', (header: Metadata) => {
      result.header = header;
    });
    call.on('status', (status: StatusObject) => {
      result.status = status;
      finish();
    });
  });
}

// A process that starts beside others on a slow machine has needed more than five seconds.
const WAIT_MS = 30_000;

/** Waits until a condition holds; fails after 30 seconds. */
export async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  const end = Date.now() + WAIT_MS;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`waited for ${what} for ${WAIT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A promise with its resolver. */
export function gate<T = void>(): { readonly opened: Promise<T>; open(value: T): void } {
  let open: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
