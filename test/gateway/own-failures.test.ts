import { createGateway, type GatewayOptions, type RunningGateway } from '@micromesh/gateway';
import { HelloService } from '@micromesh/service-hello';
import { createMesh, type Mesh } from 'micromesh';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const NO_MESSAGE = Buffer.from([0xff, 0xff]);
const EMPTY_MESSAGE = Buffer.alloc(0);
const FAILED = { code: 13, status: 'INTERNAL', message: 'the gateway failed; its log says why' };

let mesh: Mesh;
let gateway: RunningGateway;
let logged: string[];
let ended: boolean;

function logger() {
  return { ...quiet, error: (_fields: object, message = '') => void logged.push(message) };
}

/** Serves hello with what is no message of hello. */
async function serve(
  streamed: readonly Buffer[],
  options: Partial<GatewayOptions> = { logger: logger() },
): Promise<string> {
  const same = (bytes: Buffer) => bytes;
  const asBytes = { responseSerialize: same, responseDeserialize: same };
  const { anything, list } = HelloService;
  await mesh
    .server('hello')
    .add(
      { anything: { ...anything, ...asBytes }, list: { ...list, ...asBytes } },
      {
        anything: async () => NO_MESSAGE,
        async *list() {
          try {
            yield* streamed;
          } finally {
            ended = true;
          }
        },
      },
    )
    .start({ reflection: false, drain: { lameDuckMs: 0, graceMs: 100 } });
  const definitions = { hello: [HelloService] };
  const created = createGateway({ mesh, definitions, drainMs: 200, ...options });
  gateway = await created.start({ listen: '127.0.0.1:0' });
  return `http://${gateway.address}`;
}

beforeEach(() => {
  logged = [];
  ended = false;
  mesh = createMesh({ registry: 'memory:', logger: quiet });
});

afterEach(async () => {
  await gateway.close();
  await mesh.close();
});

describe('a gateway that cannot read a response', () => {
  it.each(['/hello/anything', '/hello/list'])('answers 500 to %s and logs why', async (path) => {
    const response = await fetch((await serve([NO_MESSAGE])) + path);
    expect({ code: response.status, body: await response.json() }).toEqual({ code: 500, body: FAILED });
    expect(logged).toEqual([expect.stringMatching(/^gateway: ./)]);
  });

  it("logs to its mesh's logger where it has none of its own", async () => {
    await mesh.close();
    mesh = createMesh({ registry: 'memory:', logger: logger() });
    const response = await fetch(`${await serve([], {})}/hello/anything`);
    expect(await response.json()).toEqual(FAILED);
    expect(logged).toEqual([expect.stringMatching(/^gateway: ./)]);
  });

  it('speaks of no log where it has none', async () => {
    const { client } = mesh;
    const url = await serve([], { mesh: { client: client.bind(mesh) } });
    expect(await (await fetch(`${url}/hello/anything`)).json()).toEqual({
      ...FAILED,
      message: 'the gateway failed',
    });
  });

  it('ends a stream with its failure where lines were sent before, logs why, and leaves no call behind', async () => {
    const response = await fetch(`${await serve([EMPTY_MESSAGE, NO_MESSAGE, EMPTY_MESSAGE])}/hello/list`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(`{"msg":""}\n${JSON.stringify({ error: FAILED })}\n`);
    expect(logged).toEqual([expect.stringMatching(/^gateway: ./)]);
    while (!ended) await new Promise((resolve) => setImmediate(resolve));
  });

  it('sends nothing where the stream is empty', async () => {
    const response = await fetch(`${await serve([])}/hello/list`);
    expect({ code: response.status, text: await response.text(), logged }).toEqual({
      code: 200,
      text: '',
      logged: [],
    });
  });
});
