import { Metadata, status } from '@grpc/grpc-js';
import type { Outcome } from '@micromesh/core';
import { afterEach, describe, expect, it } from 'vitest';
import { ANSWERED, endAfterHeaders, endWithoutHeaders, outcomeOf } from '../testing/raw-outcomes.js';
import { closeAll, connected, GRPC, REQUEST, serve } from '../testing/raw-server.js';
import type { WireListener } from './transport.js';

afterEach(closeAll);

describe('what a server says is its answer', () => {
  it('with headers, or without', async () => {
    const error = { 'grpc-status': '9', 'grpc-message': 'no' };
    const expected = { ...ANSWERED, code: 9, details: 'no' };
    expect(await outcomeOf((stream) => endAfterHeaders(stream, error))).toMatchObject(expected);
    expect(await outcomeOf((stream) => endWithoutHeaders(stream, 9, 'no'))).toMatchObject(expected);
    expect(await outcomeOf((stream) => endAfterHeaders(stream, { 'grpc-status': '0' }))).toMatchObject({
      ...ANSWERED,
      code: 0,
    });
  });

  it('also where the client still writes, and grpc-js puts an error of its own in the place of OK', async () => {
    let onTrailers: () => void = () => {};
    const trailersCame = new Promise<void>((resolve) => {
      onTrailers = resolve;
    });
    const port = await serve((stream) => {
      stream.respond(GRPC, { waitForTrailers: true });
      stream.on('wantTrailers', () => {
        stream.sendTrailers({ 'grpc-status': '0' });
        // What was sent before a ping has come when it is answered.
        stream.session?.ping(onTrailers);
      });
      stream.end(Buffer.from([0, 0, 0, 0, 0]));
    });
    const connection = await connected(port);
    const outcome = await new Promise<Outcome>((resolve) => {
      const listener: WireListener = { onHeaders() {}, onMessage() {}, onEnd: resolve };
      const wire = connection.call({ ...REQUEST, metadata: new Metadata() }, listener);
      void trailersCame.then(() => wire.send(Buffer.from('x'), 0, undefined));
    });
    expect(outcome).toMatchObject({
      code: status.INTERNAL,
      details: 'Write error: write after end',
      origin: 'local',
      delivery: 'answered',
      reason: 'protocol',
    });
  });

  it('with a message that is larger than the client takes', async () => {
    const outcome = await outcomeOf((stream) => {
      stream.respond(GRPC);
      stream.write(Buffer.from([0, 1, 0, 0, 0, 1, 2, 3]));
    });
    expect(outcome).toMatchObject({
      ...ANSWERED,
      code: status.RESOURCE_EXHAUSTED,
      details: expect.stringMatching(/^Received message larger than max/),
    });
  });

  it('as UNKNOWN with a status that is no number', async () => {
    const outcome = await outcomeOf((stream) =>
      stream.respond({ ...GRPC, 'grpc-status': 'banana' }, { endStream: true }),
    );
    expect(outcome).toMatchObject({ ...ANSWERED, code: status.UNKNOWN });
  });
});
