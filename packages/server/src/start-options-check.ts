import { constants } from 'node:os';
import { ServerCredentials } from '@grpc/grpc-js';
import {
  anyValue,
  type Check,
  type Checks,
  ConfigError,
  flagValue,
  listOf,
  nearestName,
  numberOf,
  optionsOf,
  parseAddress,
  valuesByName,
  wordOf,
} from '@micromesh/core';
import type { DrainOptions } from './running-server.js';
import type { StartOptions } from './server-options.js';

const address: Check = (field, value) => {
  if (typeof value !== 'string') {
    throw new ConfigError(field, value, 'is no address', "write 'host:port', '[ipv6]:port' or 'unix:/path'");
  }
  parseAddress(value, field);
};

const autoOrAddress: Check = (field, value) => {
  if (value !== 'auto') address(field, value);
};

const signal: Check = (_, value) => {
  const known = Object.keys(constants.signals);
  if (typeof value !== 'string' || !known.includes(value)) {
    const near = typeof value === 'string' ? nearestName(value, known) : undefined;
    const mend = near === undefined ? 'give e.g. SIGTERM or SIGINT' : `did you mean ${near}?`;
    throw new ConfigError('start.signals', value, 'is no signal', mend);
  }
  if (value !== 'SIGKILL' && value !== 'SIGSTOP') return;
  throw new ConfigError('start.signals', value, 'reaches no process', 'give e.g. SIGTERM or SIGINT');
};

const credentials: Check = (field, value) => {
  if (value instanceof ServerCredentials) return;
  throw new ConfigError(
    field,
    value,
    "is none of grpc-js's ServerCredentials",
    'give ServerCredentials.createInsecure() or createSsl(...), of the one copy of @grpc/grpc-js (`npm ls @grpc/grpc-js`)',
  );
};

const check = optionsOf({
  listen: address,
  advertise: autoOrAddress,
  register: flagValue,
  signals: listOf(signal, "one: ['SIGTERM', 'SIGINT']"),
  credentials,
  channelOptions: valuesByName(anyValue, "grpc-js's by name: { 'grpc.max_receive_message_length': -1 }"),
  drain: optionsOf({ lameDuckMs: numberOf(0), graceMs: numberOf(0) } satisfies Checks<DrainOptions>),
  check: wordOf('auto', 'grpc', 'ttl'),
  reflection: flagValue,
  health: flagValue,
  debug: flagValue,
} satisfies Checks<StartOptions>);

/** @throws ConfigError naming the option, its value and the fix. */
export function checkStartOptions(options: StartOptions): void {
  check('start', options);
  if (options.health !== false || options.check !== 'grpc') return;
  throw new ConfigError(
    'start.check',
    'grpc',
    'asks for the health service',
    'leave `health` on, or take check: "ttl"',
  );
}
