import { ConfigError, silentLogger } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import type { Registered, Registration, Registry } from '@micromesh/registry';
import { describe, expect, it } from 'vitest';
import { SelfRegistration } from './self-registration.js';

const registration: Registration = {
  service: { name: 'hello' },
  id: 'hello-1',
  address: { kind: 'tcp', host: '127.0.0.1', port: 1 },
  version: '',
  labels: {},
  weight: 1,
  check: 'auto',
};

function registryOf(register: (attempt: number) => Promise<Registered>) {
  let attempts = 0;
  const registry: Registry = {
    description: 'fake',
    register: () => register(++attempts),
    watch: () => {
      throw new Error('unused');
    },
    services: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
  return { registry, attempts: () => attempts };
}

function entry(log: string[] = []): Registered {
  return { id: 'hello-1', deregister: async () => void log.push('left') };
}

function settled(promise: Promise<void>): Promise<string> {
  return promise.then(
    () => 'ok',
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

describe('registration at the start', () => {
  it('tries again while the registry refuses', async () => {
    const clock = new FakeClock();
    const { registry, attempts } = registryOf((attempt) =>
      attempt < 4 ? Promise.reject(new Error('no leader')) : Promise.resolve(entry()),
    );
    const result = settled(new SelfRegistration(registry, registration, clock, silentLogger).enter());
    await clock.advance(200 + 400 + 800);
    expect(await result).toBe('ok');
    expect(attempts()).toBe(4);
    expect(clock.pendingTimers).toBe(0);
  });

  it('gives up within ten seconds, and says what to do', async () => {
    const clock = new FakeClock();
    const { registry } = registryOf(() => Promise.reject(new Error('connect ECONNREFUSED')));
    const result = settled(new SelfRegistration(registry, registration, clock, silentLogger).enter());
    await clock.advance(10_000);
    expect(await result).toBe(
      'RegistryError: hello: the registry fake did not take the registration in 6.2 s (6 tries): connect ECONNREFUSED; ' +
        'start the registry, or start with register: false',
    );
    expect(clock.pendingTimers).toBe(0);
  });

  it('logs a failure once, until it is another one', async () => {
    const clock = new FakeClock();
    const logged: unknown[] = [];
    const logger = { ...silentLogger, warn: (fields: unknown) => logged.push(fields) };
    const { registry } = registryOf((attempt) =>
      Promise.reject(new Error(attempt < 3 ? 'refused' : 'reset')),
    );
    const result = settled(new SelfRegistration(registry, registration, clock, logger).enter());
    await clock.advance(10_000);
    await result;
    expect(logged).toEqual([
      { registry: 'fake', error: 'refused' },
      { registry: 'fake', error: 'reset' },
    ]);
  });

  it('does not try again what the registry can never hold', async () => {
    const clock = new FakeClock();
    const { registry, attempts } = registryOf(() =>
      Promise.reject(new ConfigError('service', 'a b', 'is no DNS label', 'use letters')),
    );
    const result = settled(new SelfRegistration(registry, registration, clock, silentLogger).enter());
    expect(await result).toContain('is no DNS label');
    expect(attempts()).toBe(1);
  });

  it('takes an entry away that was made after it gave up', async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    let answer: (registered: Registered) => void = () => {};
    const { registry } = registryOf(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const self = new SelfRegistration(registry, registration, clock, silentLogger);
    const result = settled(self.enter());
    await clock.advance(10_000);
    expect(await result).toContain('no answer');
    const left = self.leave();
    answer(entry(log));
    await left;
    expect(log).toEqual(['left']);
  });

  it('ends its tries when the server leaves meanwhile', async () => {
    const clock = new FakeClock();
    const { registry, attempts } = registryOf(() => Promise.reject(new Error('no leader')));
    const self = new SelfRegistration(registry, registration, clock, silentLogger);
    const result = settled(self.enter());
    await clock.advance(100);
    await self.leave();
    expect(await result).toBe('ok');
    await clock.advance(10_000);
    expect(attempts()).toBe(1);
    expect(clock.pendingTimers).toBe(0);
  });

  it('ends at once when the server leaves while the registry does not answer', async () => {
    const clock = new FakeClock();
    const log: string[] = [];
    let answer: (registered: Registered) => void = () => {};
    const { registry } = registryOf(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const self = new SelfRegistration(registry, registration, clock, silentLogger);
    let result: string | undefined;
    void settled(self.enter()).then((text) => {
      result = text;
    });
    await clock.advance(100);
    const left = self.leave();
    await clock.advance(0);
    expect(result).toBe('ok');
    expect(clock.pendingTimers).toBe(0);
    answer(entry(log));
    await left;
    expect(log).toEqual(['left']);
  });

  it('makes no entry when the server has left before', async () => {
    const { registry, attempts } = registryOf(() => Promise.resolve(entry()));
    const self = new SelfRegistration(registry, registration, new FakeClock(), silentLogger);
    await self.leave();
    await self.enter();
    expect(attempts()).toBe(0);
  });

  it('leaves quietly when the registry cannot be told', async () => {
    const { registry } = registryOf(() =>
      Promise.resolve({ id: 'hello-1', deregister: () => Promise.reject(new Error('gone')) }),
    );
    const self = new SelfRegistration(registry, registration, new FakeClock(), silentLogger);
    await self.enter();
    const leaving = self.leave();
    expect(self.leave()).toBe(leaving);
    await leaving;
  });
});
