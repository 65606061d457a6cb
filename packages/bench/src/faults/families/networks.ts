import type { Fault } from '../fault.js';

const LINK_DOWN_MS = 4_000;

/** What is between clients and nodes fails. */
export const NETWORKS: readonly Fault[] = [
  {
    name: 'silent',
    title: 'one node dies, and its address accepts connections and says nothing',
    async bring(stage) {
      await Promise.all(stage.at(0).map((node) => stage.silence(node)));
    },
  },
  {
    name: 'black-hole',
    title: 'the link to one node is down for 4 s',
    ownNetwork: true,
    // What was sent meanwhile comes some 2 s after the link is back: TCP tries again ever more seldom.
    afterMs: 8_000,
    async bring(stage) {
      await stage.cutLink();
      await stage.wait(LINK_DOWN_MS);
      await stage.mendLink();
    },
  },
  {
    name: 'goaway',
    title: 'GOAWAY by connection age, every 1.5 s',
    channelOptions: { 'grpc.max_connection_age_ms': 1_500, 'grpc.max_connection_age_grace_ms': 1_000 },
    async bring() {
      // Connections age from the start on.
    },
  },
  {
    name: 'stream-reset',
    title: 'kill -9 of one node in the middle of streams',
    methods: ['readStream', 'writeStream'],
    breaksStreams: true,
    // A stream is eleven messages, and half a second long.
    rateRatio: 0.2,
    async bring(stage) {
      for (const node of stage.at(0)) node.kill();
    },
  },
];
