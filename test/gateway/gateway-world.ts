import type { GatewayOptions, RunningGateway } from '@micromesh/gateway';
import { createGateway } from '@micromesh/gateway';
import { MemoryPolicies, type PolicyText, readPolicies } from '@micromesh/policy';
import { type HelloHandlers, HelloService, helloHandlers } from '@micromesh/service-hello';
import { createMesh, type Mesh } from 'micromesh';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type HttpAnswer, type HttpSent, send } from './http-exchange.js';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** Sends a request to hello. */
export const TO_HELLO = 'route: [{ destination: { host: hello } }]';

type Handler = HelloHandlers['anything'];
type Context = Parameters<Handler>[1];

/** A gateway over HTTP, nodes of hello, and the policies of both. */
export class GatewayWorld {
  readonly policies = new MemoryPolicies();
  readonly mesh: Mesh = createMesh({ registry: 'memory:', logger: quiet, policies: [this.policies] });
  /** The versions of the nodes that were called, in order. */
  reached: string[] = [];
  /** Of the last call that reached a node. */
  seen: Context | undefined;
  port = 0;
  #gateway: RunningGateway | undefined;

  /** Starts a node that says its version and the name that it was asked, or does something else. */
  async serve(version = '1', anything?: Handler): Promise<void> {
    const greet: Handler = async (request, context) => {
      this.reached.push(version);
      this.seen = context;
      return anything === undefined ? { msg: `${version} ${request.name}` } : anything(request, context);
    };
    await this.mesh
      .server('hello', { version })
      .add(HelloService, { ...helloHandlers(), anything: greet })
      .start({ drain: { lameDuckMs: 0, graceMs: 100 } });
  }

  /** Opens a gateway with the name `web`, in place of one that is open. */
  open(options: Partial<GatewayOptions> = {}): Promise<void> {
    return this.openUnnamed({ name: 'web', ...options });
  }

  async openUnnamed(options: Partial<GatewayOptions> = {}): Promise<void> {
    await this.#gateway?.close();
    const definitions = { hello: [HelloService] };
    const created = createGateway({ mesh: this.mesh, definitions, drainMs: 200, ...options });
    this.#gateway = await created.start({ listen: '127.0.0.1:0' });
    this.port = Number(this.#gateway.address.replace(/^.*:/, ''));
  }

  /** Puts policies in force; what has an error would be left out in silence. */
  apply(...texts: readonly PolicyText[]): void {
    const errors = readPolicies(texts).problems.filter(({ severity }) => severity === 'error');
    expect(errors).toEqual([]);
    this.policies.set(...texts);
  }

  /** Puts rules of the gateway `web` in force for every host, in flow style. */
  rules(...all: readonly string[]): void {
    this.rulesOf({ gateways: 'web', hosts: '"*"' }, ...all);
  }

  rulesOf({ gateways, hosts }: { gateways: string; hosts: string }, ...all: readonly string[]): void {
    const text = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec: { hosts: [${hosts}], gateways: [${gateways}], http: [${all.join(', ')}] }
`;
    this.apply({ file: 'web.yaml', text });
  }

  send(path: string, sent: HttpSent = {}): Promise<HttpAnswer> {
    return send(this.port, path, sent);
  }

  get(path: string, headers: HttpSent['headers'] = {}): Promise<HttpAnswer> {
    return this.send(path, { headers });
  }

  /** JSON. */
  post(path: string, body: string, headers: HttpSent['headers'] = {}): Promise<HttpAnswer> {
    const json = { 'content-type': 'application/json', ...headers };
    return this.send(path, { method: 'POST', body, headers: json });
  }

  async close(): Promise<void> {
    await this.#gateway?.close();
    await this.mesh.close();
  }
}

/** A world for each test of a file. */
export function gatewayWorld(): () => GatewayWorld {
  let world: GatewayWorld | undefined;
  beforeEach(() => {
    world = new GatewayWorld();
  });
  afterEach(() => world?.close());
  return () => {
    if (world === undefined) throw new Error('outside of a test');
    return world;
  };
}

/** A test of fields of VirtualService, `MESSAGE.field`: the rows of its page that speak of the gateway must have one. */
export function proves(_fields: readonly string[], title: string, run: () => Promise<void>): void {
  it(title, run);
}
