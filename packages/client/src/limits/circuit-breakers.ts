import {
  type BreakerState,
  type Clock,
  ConfigError,
  formatServiceKey,
  type Method,
  type Random,
  type ServiceKey,
  splitMethodPath,
  toServiceKey,
} from '@micromesh/core';
import { type BreakerOrder, CircuitBreaker } from './circuit-breaker.js';
import type { BreakerRules } from './limit-settings.js';

/** Methods of a service that have a breaker of their own; further ones (a generic proxy passes on any path) share one. */
const MAX_METHODS = 1024;
const OTHERS = '';

/** The circuit breakers of one method (more than one where clients have different rules), and orders to them by hand. */
export interface BreakerHandle {
  /** What calls meet now: `open` if any of them is, then `halfOpen`; `closed` where no client has called yet. */
  readonly state: BreakerState;
  /** Why it is not closed, in words; '' when it is. */
  readonly cause: string;
  /** Whether it was opened or closed by hand, and not left to itself since. */
  readonly manual: boolean;
  /**
   * Refuses all calls until `close` or `auto` is called; calls under way go on. In force in this process, for the clients whose `breaker`
   * is on, those to come included.
   *
   * @param cause - who and why: part of each refusal's message.
   */
  open(cause: string): void;
  /** Lets all calls through until `open` or `auto` is called, whatever they come to. */
  close(): void;
  /** Leaves it to its calls again; it begins closed. */
  auto(): void;
}

/** The breakers of one service: by rules and method path, and the orders by method. */
class ServiceBreakers {
  readonly #byRules = new Map<string, Map<string, CircuitBreaker>>();
  readonly #orders = new Map<string, BreakerOrder>();

  constructor(
    private readonly service: ServiceKey,
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /** The breakers of those clients that have these rules; made when a method is first called. */
  under(rules: BreakerRules): (method: Method) => CircuitBreaker {
    const { consecutiveFailures, failureRatio, minCalls, windowMs, openMs, trialCalls } = rules;
    const key = [consecutiveFailures, failureRatio, minCalls, windowMs, openMs, trialCalls].join(' ');
    const methods = this.#byRules.get(key) ?? new Map<string, CircuitBreaker>();
    this.#byRules.set(key, methods);
    return ({ path }) => {
      const known = methods.get(path);
      if (known !== undefined) return known;
      const kept = methods.size < MAX_METHODS ? path : OTHERS;
      return methods.get(kept) ?? this.#add(methods, kept, rules);
    };
  }

  #add(methods: Map<string, CircuitBreaker>, path: string, rules: BreakerRules): CircuitBreaker {
    const { service, clock, random } = this;
    const breaker = new CircuitBreaker({ service, method: path, rules, clock, random });
    methods.set(path, breaker);
    breaker.obey(this.#orders.get(path) ?? this.#orders.get(nameOf(path)));
    return breaker;
  }

  /** @param method - its path, or its name in lower case. */
  matching(method: string): CircuitBreaker[] {
    const found: CircuitBreaker[] = [];
    for (const methods of this.#byRules.values()) {
      for (const [path, breaker] of methods) {
        if (path === method || nameOf(path) === method) found.push(breaker);
      }
    }
    return found;
  }

  orderOf(method: string): BreakerOrder | undefined {
    return this.#orders.get(method);
  }

  command(method: string, order: BreakerOrder | undefined): void {
    if (order === undefined) this.#orders.delete(method);
    else this.#orders.set(method, order);
    for (const breaker of this.matching(method)) breaker.obey(order);
  }
}

function nameOf(path: string): string {
  return splitMethodPath(path).name.toLowerCase();
}

/** All circuit breakers of a mesh. */
export class CircuitBreakers {
  readonly #services = new Map<string, ServiceBreakers>();

  constructor(
    private readonly clock: Clock,
    private readonly random: Random,
  ) {}

  /**
   * The breakers of one method, to look at and to order by hand.
   *
   * @param service - its name in the registry, or its key.
   * @param method - `Anything` (of each proto service that has one), or `/hello.v1.Hello/Anything`.
   * @throws ConfigError when the method is no text that names one.
   */
  of(service: string | ServiceKey, method: string): BreakerHandle {
    if (typeof method !== 'string' || method === '') {
      throw new ConfigError('breaker method', method, 'names no method', "give its name: 'Anything'");
    }
    if (method.includes('/') && !/^\/[^/]+\/[^/]+$/.test(method)) {
      const fix = "give the method's name, 'Anything', or its path, '/hello.v1.Hello/Anything'";
      throw new ConfigError('breaker method', method, 'is no path of a method', fix);
    }
    return new MethodHandle(
      this.#of(toServiceKey(service)),
      method.startsWith('/') ? method : method.toLowerCase(),
    );
  }

  /** Gives the breaker of a service's method under one client's rules. */
  under(service: ServiceKey, rules: BreakerRules): (method: Method) => CircuitBreaker {
    return this.#of(service).under(rules);
  }

  #of(service: ServiceKey): ServiceBreakers {
    const name = formatServiceKey(service);
    const known = this.#services.get(name);
    if (known !== undefined) return known;
    const made = new ServiceBreakers(service, this.clock, this.random);
    this.#services.set(name, made);
    return made;
  }
}

const SEVERITY: readonly BreakerState[] = ['closed', 'halfOpen', 'open'];

class MethodHandle implements BreakerHandle {
  constructor(
    private readonly breakers: ServiceBreakers,
    private readonly method: string,
  ) {}

  get #worst(): { readonly state: BreakerState; readonly cause: string } {
    let worst: { readonly state: BreakerState; readonly cause: string } = this.breakers.orderOf(
      this.method,
    ) ?? { state: 'closed', cause: '' };
    for (const breaker of this.breakers.matching(this.method)) {
      if (SEVERITY.indexOf(breaker.state) > SEVERITY.indexOf(worst.state)) worst = breaker;
    }
    return worst;
  }

  get state(): BreakerState {
    return this.#worst.state;
  }

  get cause(): string {
    return this.#worst.state === 'closed' ? '' : this.#worst.cause;
  }

  get manual(): boolean {
    return this.breakers.orderOf(this.method) !== undefined;
  }

  open(cause: string): void {
    if (typeof cause !== 'string' || cause.trim() === '') {
      const fix = "give it in words, who and why: every refused call tells it, e.g. 'maintenance, bob'";
      throw new ConfigError('breaker.open cause', cause, 'says nothing', fix);
    }
    this.breakers.command(this.method, { state: 'open', cause });
  }

  close(): void {
    this.breakers.command(this.method, { state: 'closed', cause: 'held closed by hand' });
  }

  auto(): void {
    this.breakers.command(this.method, undefined);
  }
}
