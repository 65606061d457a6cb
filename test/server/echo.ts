import { fileURLToPath } from 'node:url';
import {
  type ChannelOptions,
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
  type ServiceDefinition,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

export interface EchoRequest {
  text: string;
  count: number;
  payload: Buffer;
}

export interface EchoReply {
  text: string;
  payload?: Buffer;
}

const loaded = loadSync(fileURLToPath(new URL('./echo.proto', import.meta.url)), {
  defaults: true,
  longs: String,
  enums: String,
});

const client = loadPackageDefinition(loaded).echo;
if (client === undefined || !('v1' in client)) throw new Error('echo.proto was not read');
const { v1 } = client;
if (typeof v1 !== 'object' || !('Echo' in v1) || typeof v1.Echo !== 'function')
  throw new Error('no echo.v1.Echo');

/** The plain grpc-js client class, from proto-loader. */
export const PlainEchoClient: ServiceClientConstructor = v1.Echo;

/** proto-loader's definition: its type does not tell kinds. */
export const DynamicEcho: ServiceDefinition = PlainEchoClient.service;

function codec(name: string) {
  const method = DynamicEcho[name];
  if (method === undefined) throw new Error(`no method ${name}`);
  return {
    path: method.path,
    requestSerialize: (value: Partial<EchoRequest>): Buffer => method.requestSerialize(value),
    requestDeserialize: (bytes: Buffer): EchoRequest => method.requestDeserialize(bytes),
    responseSerialize: (value: EchoReply): Buffer => method.responseSerialize(value),
    responseDeserialize: (bytes: Buffer): EchoReply => method.responseDeserialize(bytes),
  };
}

/** The same service as generated code has it: literal stream flags and typed messages. */
export const EchoService = {
  say: { ...codec('Say'), requestStream: false, responseStream: false },
  gather: { ...codec('Gather'), requestStream: true, responseStream: false },
  list: { ...codec('List'), requestStream: false, responseStream: true },
  chat: { ...codec('Chat'), requestStream: true, responseStream: true },
} as const;

/** A plain grpc-js client of an address. */
export function plainClient(address: string, options: ChannelOptions = {}) {
  return new PlainEchoClient(address, credentials.createInsecure(), {
    'grpc.enable_http_proxy': 0,
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  });
}
