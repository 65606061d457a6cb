// A process that follows the policies of a registry, and reports over IPC each version that comes into force. Run with --expose-gc.
//
// MICROMESH_REGISTRY.
import { systemClock } from '@micromesh/core';
import { consulKv, PolicyHolder } from '@micromesh/policy';
import { registryFrom } from '@micromesh/registry';

const logger = { debug() {}, info() {}, warn() {}, error() {} };
const registry = registryFrom(process.env.MICROMESH_REGISTRY, { logger });
const place = consulKv();
const holder = new PolicyHolder(
  [await place.open({ clock: systemClock, logger, keyValues: registry.keyValues })],
  {
    logger,
  },
);

const report = ({ version, resources }) => {
  const timeouts = new Set(resources.map(({ document }) => document.spec.http[0].timeout));
  if (process.connected)
    process.send({
      kind: 'inForce',
      version,
      names: resources.length,
      timeouts: [...timeouts],
      at: Date.now(),
    });
};
report(holder.current);
holder.subscribe(report);

process.on('message', () => {
  globalThis.gc();
  process.send({ kind: 'memory', heapUsed: process.memoryUsage().heapUsed });
});
process.on('disconnect', () => process.exit());
