import { EventEmitter } from 'node:events';
import { Metadata, status } from '@grpc/grpc-js';
import { CAME_LATE, events, SENT_AT, type ShedEvent, silentLogger } from '@micromesh/core';
import { FakeClock } from '@micromesh/core/testing';
import { describe, expect, it } from 'vitest';
import { ActiveCalls } from './active-calls.js';
import { Arrivals } from './arrivals.js';
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

describe('a request that was held up on the way', () => {
  function serverThatLooks() {
    if (handler === undefined) throw new Error('no handler');
    const begun: Metadata[] = [];
    const clock = new FakeClock();
    const room = {
      service: { name: 't' },
      clock,
      logger: silentLogger,
      stalls: { stalls: 0, unsettled: false },
      active: new ActiveCalls(),
      arrivals: new Arrivals(),
      serve: (context: { metadata: Metadata }) => {
        begun.push(context.metadata);
        return Promise.resolve();
      },
    };
    const replies: unknown[] = [];
    const arrive = (stamp: string, deadlineAt?: number, bytes?: Buffer) => {
      const surface = Object.assign(new FakeSurface(), deadlineAt !== undefined && { deadlineAt });
      surface.metadata.set(SENT_AT, stamp);
      const call = new SingleResponseCall(
        room,
        handler,
        surface,
        undefined,
        (reply) => replies.push(reply),
        bytes,
      );
      call.begin();
    };
    return { begun, clock, room, replies, arrive };
  }

  it('is not begun: its caller is asked for it anew, by the series that it came in', async () => {
    const { arrive, begun, clock, replies } = serverThatLooks();
    const shed: ShedEvent[] = [];
    const off = events.shed.subscribe((event) => shed.push(event));
    arrive('abc 0');
    await clock.advance(4000);
    arrive('abc 100');
    off();
    expect(begun).toHaveLength(1);
    expect(replies.at(-1)).toMatchObject({
      code: status.UNAVAILABLE,
      details: 't has not begun the call: its request came 3899 ms later than others of its client',
    });
    expect(JSON.stringify(replies.at(-1))).toContain(`"${CAME_LATE}":["abc"]`);
    expect(shed).toMatchObject([{ method: '/t.v1.T/Get', cause: 'late' }]);
  });

  it('holds no place among the calls that are under way', async () => {
    const { arrive, clock, room } = serverThatLooks();
    arrive('abc 0');
    await clock.advance(4000);
    const before = room.active.countByMethod();
    arrive('abc 100');
    expect(room.active.countByMethod()).toEqual(before);
  });

  it('has so much less time: what its caller no longer waits for is not begun', async () => {
    const { arrive, begun, clock, replies } = serverThatLooks();
    arrive('abc 0');
    await clock.advance(150);
    arrive('abc 0', clock.now() + 160);
    expect(begun).toHaveLength(2);
    arrive('abc 0', clock.now() + 150);
    expect(begun).toHaveLength(2);
    expect(replies.at(-1)).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  it('is begun where its message is long: it is there as a whole only when that has come, however often it is sent', async () => {
    const { arrive, begun, clock, replies } = serverThatLooks();
    arrive('abc 0');
    await clock.advance(400);
    arrive('abc 0', clock.now() + 100, Buffer.alloc(1_000_000));
    arrive('abc 0', undefined, Buffer.alloc(1000));
    expect(begun).toHaveLength(2);
    expect(JSON.stringify(replies.at(-1))).toContain(CAME_LATE);
  });

  it('shows its handler nothing of when it left', () => {
    const { arrive, begun } = serverThatLooks();
    arrive('abc 0');
    expect(begun.map((metadata) => metadata.get(SENT_AT))).toEqual([[]]);
  });
});
