import { describe, expect, it } from 'vitest';
import { RegistryError } from '../registry.js';
import { readHealthAnswer } from './health-answer.js';

function read(...instances: object[]) {
  return readHealthAnswer(JSON.stringify(instances), 'consul test');
}

const nomad = {
  Node: { Node: 'n1', Address: '10.0.0.7' },
  Service: {
    ID: '_nomad-task-1',
    Service: 'hello',
    Tags: ['http', 'version=1.2.3', 'zone=b'],
    Meta: null,
    Address: '',
    Port: 23_456,
    Weights: { Passing: 5, Warning: 1 },
    CreateIndex: 77,
  },
  Checks: [{ CheckID: 'serfHealth', Status: 'passing' }],
};

function service(change: object) {
  return { ...nomad, Service: { ...nomad.Service, ...change } };
}

describe('readHealthAnswer', () => {
  it('reads what somebody else registered', () => {
    expect(read(nomad)).toEqual([
      {
        node: {
          id: '_nomad-task-1',
          address: { kind: 'tcp', host: '10.0.0.7', port: 23_456 },
          version: '1.2.3',
          labels: { zone: 'b' },
          weight: 5,
          micromesh: false,
        },
        usable: true,
        startedAtMs: undefined,
        order: 77,
      },
    ]);
  });

  it('reads what micromesh registered', () => {
    const meta = {
      micromesh: '1',
      'micromesh-id': 'x',
      'micromesh-started-at': '99',
      version: '2',
      zone: 'a',
    };
    const [entry] = read(service({ Meta: meta, Address: '::1' }));
    expect(entry).toMatchObject({
      startedAtMs: 99,
      node: {
        micromesh: true,
        version: '2',
        labels: { zone: 'a' },
        address: { kind: 'tcp', host: '::1', port: 23_456 },
      },
    });
  });

  it.each([
    ['passing', [{ Status: 'passing' }], true],
    ['warning', [{ Status: 'passing' }, { Status: 'warning' }], true],
    ['critical', [{ Status: 'passing' }, { Status: 'critical' }], false],
    ['in maintenance', [{ CheckID: '_node_maintenance', Status: 'critical' }], false],
    ['without checks', null, true],
  ])('knows whether an instance that is %s can be used', (_, checks, usable) => {
    expect(read({ ...nomad, Checks: checks })[0]?.usable).toBe(usable);
  });

  it('reads sockets', () => {
    const path = { kind: 'unix', path: '/run/hello' };
    expect(read(service({ SocketPath: '/run/hello', Port: 0 }))[0]?.node.address).toEqual(path);
    expect(read(service({ Address: 'unix:/run/hello', Port: 0 }))[0]?.node.address).toEqual(path);
  });

  it('gives a node without a weight the weight 1', () => {
    expect(read(service({ Weights: undefined }))[0]?.node.weight).toBe(1);
    expect(read(service({ Weights: { Passing: 0 } }))[0]?.node.weight).toBe(1);
  });

  it('leaves out what cannot be dialled', () => {
    expect(read(service({ Port: 0 }), { ...service({ Address: '' }), Node: {} }, nomad)).toHaveLength(1);
  });

  it.each([
    ['a page of a proxy', '<html><body>502</body></html>', 'an HTML page; is this a Consul agent?'],
    ['half a body', '[{"Node":', 'no JSON'],
    ['an object', '{}', 'a list of instances was expected'],
    ['null', 'null', 'a list of instances was expected'],
    ['a list of something else', '[1]', 'an instance has no Service'],
  ])('refuses %s', (_, body, message) => {
    expect(() => readHealthAnswer(body, 'consul test')).toThrow(RegistryError);
    expect(() => readHealthAnswer(body, 'consul test')).toThrow(message);
  });
});
