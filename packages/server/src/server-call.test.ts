import { EventEmitter } from 'node:events';
import { Metadata, status } from '@grpc/grpc-js';
import { silentLogger } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { describe, expect, it } from 'vitest';
import { ActiveCalls } from './active-calls.js';
import { bindHandlers } from './bound-handler.js';
import type { Surface } from './call-room.js';
import type { ReplyStatus } from './reply-status.js';
import { SingleResponseCall } from './single-response-call.js';

const identity = (bytes: Buffer) => bytes;
const [handler] = bindHandlers(
  {
    get: {
      path: '/t.v1.T/Get',
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  },
  { get: identity },
);

class FakeSurface extends EventEmitter implements Surface {
  readonly metadata = new Metadata();
  getPeer = () => 'nobody';
  getDeadline = () => Number.POSITIVE_INFINITY;
  sendMetadata = () => {};
}

describe('a status that the transport refuses', () => {
  it('is sent again without its metadata, and both is logged', () => {
    const sent: ReplyStatus[] = [];
    const logged: string[] = [];
    const room = {
      service: { name: 't' },
      clock: new FakeClock(),
      logger: { ...silentLogger, error: (_fields: object, message: string) => logged.push(message) },
      stalls: { stalls: 0, unsettled: false },
      active: new ActiveCalls(),
      serve: () => Promise.resolve(),
    };
    if (handler === undefined) throw new Error('no handler');
    const call = new SingleResponseCall(room, handler, new FakeSurface(), undefined, (reply) => {
      if (!(reply?.metadata instanceof Metadata)) throw new Error('no status');
      if (reply.metadata.get('x-odd').length > 0) throw new Error('not sendable');
      sent.push({ code: 0, details: '', chosen: true, ...reply, metadata: reply.metadata });
    });
    const metadata = new Metadata();
    metadata.set('x-odd', '1');
    call.shed({ code: status.UNAVAILABLE, details: 'later', metadata, chosen: true });
    expect(sent).toMatchObject([{ code: status.UNAVAILABLE, details: 'later' }]);
    expect(logged).toEqual(['a status could not be sent; trying without its metadata']);
  });
});
