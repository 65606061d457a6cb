import { type Channel, type ChannelOptions, type ClientOptions, credentials } from '@grpc/grpc-js';
import { silentLogger } from '@micromesh/core';
import { createMesh, type Mesh, type MeshOptions } from '@micromesh/mesh';
import { staticRegistry } from '@micromesh/registry';
import { createChannel } from 'nice-grpc';
import { ProbeService } from './gen/probe.js';

/** What a stub is pointed at: the one thing that differs between plain grpc-js and micromesh. */
export interface Target {
  /** First argument of a grpc-js stub. */
  readonly address: string;
  /** Third argument of a grpc-js stub. */
  readonly options: ClientOptions;
  /** For nice-grpc. */
  readonly channel: () => Channel;
  close(): Promise<void>;
}

const LOCAL: ChannelOptions = { 'grpc.enable_http_proxy': 0, 'grpc.use_local_subchannel_pool': 1 };

/** Plain grpc-js. */
export function plain(address: string, channelOptions: ChannelOptions = {}): Target {
  const options = { ...LOCAL, ...channelOptions };
  const channels: Channel[] = [];
  return {
    address,
    options,
    channel: () => {
      const channel = createChannel(address, credentials.createInsecure(), options);
      channels.push(channel);
      return channel;
    },
    close: async () => {
      for (const channel of channels) channel.close();
    },
  };
}

/** A mesh that finds the service `probe` at fixed addresses. */
export function probeMesh(addresses: readonly string[], options: MeshOptions = {}): Mesh {
  return createMesh({ registry: staticRegistry({ probe: addresses }), logger: silentLogger, ...options });
}

/** micromesh with one try a call, told of the kinds of methods or not. */
export function meshed(
  addresses: readonly string[],
  { told, channelOptions = {} }: { readonly told: boolean; readonly channelOptions?: ChannelOptions },
): Target {
  const mesh = probeMesh(addresses);
  const channel = () =>
    mesh.channel('probe', { ...(told ? { definitions: [ProbeService] } : {}), channelOptions, retries: 0 });
  return { address: 'probe', options: { channelOverride: channel() }, channel, close: () => mesh.close() };
}

/** The three targets that must not differ. */
export const TARGETS = {
  'plain grpc-js': (node: string, channelOptions?: ChannelOptions) => plain(node, channelOptions),
  micromesh: (node: string, channelOptions?: ChannelOptions) =>
    meshed([node], { told: true, ...(channelOptions && { channelOptions }) }),
  'micromesh without definitions': (node: string, channelOptions?: ChannelOptions) =>
    meshed([node], { told: false, ...(channelOptions && { channelOptions }) }),
} as const;
