import { status } from '@grpc/grpc-js';
import { freePort } from '@micromesh/cli/stage';
import { type HelloHandlers, HelloService, helloHandlers } from '@micromesh/service-hello';
import { RpcError } from 'micromesh';
import { afterEach, describe, expect, it } from 'vitest';
import { steadyMs } from '../machine/steady-clock.js';
import { closeMeshes, failure, meshWith, untyped } from './refusals.js';

afterEach(closeMeshes);

describe('a call', () => {
  const hello = () => meshWith().client(HelloService, { service: 'hello' });

  it('names a request that is none', async () => {
    const nothing = await failure(() => hello().anything(untyped(undefined)));
    expect(nothing.message).toBe(
      'the request of hello.v1.Hello.anything is missing; pass an object, {} for one without fields',
    );
    const text = await failure(() =>
      hello()
        .list(untyped({ count: 'many' }))
        .next(),
    );
    expect(text.message).toMatch(
      /^the request of hello\.v1\.Hello\.list is no message of its type, and cannot be written as bytes: /,
    );
    const single = await failure(() => hello().collect(untyped({ name: 'x' })));
    expect(single.message).toBe(
      'the requests of a stream cannot be iterated; give an array or an async generator',
    );
  });

  it('names the interceptor and the retry function that failed', async () => {
    const mesh = meshWith();
    const handlers: HelloHandlers = {
      ...helloHandlers(),
      anything: () => Promise.reject(new RpcError(status.UNAVAILABLE, 'busy')),
    };
    await mesh
      .server('hello')
      .add(HelloService, handlers)
      .start({ drain: { lameDuckMs: 0 } });
    const retrying = mesh.client(HelloService, {
      service: 'hello',
      retry: function onWeekdays() {
        throw new Error('no calendar');
      },
    });
    expect((await failure(() => retrying.anything({ name: 'x' }))).message).toMatch(
      /; retry function onWeekdays failed: no calendar$/,
    );
    const intercepted = mesh.client(HelloService, {
      service: 'hello',
      interceptors: {
        call: [
          function addTenant() {
            return () => Promise.reject(new Error('no tenant'));
          },
        ],
      },
    });
    expect((await failure(() => intercepted.anything({ name: 'x' }))).message).toMatch(
      /interceptor addTenant failed: no tenant$/,
    );
  });

  it('of a closed mesh says so', async () => {
    const mesh = meshWith();
    const client = mesh.client(HelloService, { service: 'hello' });
    await mesh.close();
    expect((await failure(() => client.anything({ name: 'x' }))).message).toMatch(/the mesh was closed$/);
    expect((await failure(() => mesh.client(HelloService, { service: 'hello' }))).message).toBe(
      'the mesh was closed; make its clients and channels before mesh.close()',
    );
    expect((await failure(() => mesh.server('hello'))).message).toBe(
      'the mesh was closed; start its servers before mesh.close()',
    );
  });

  it('of a server that starts when the mesh was closed is refused at once, and the port is free', async () => {
    const mesh = meshWith();
    const builder = mesh.server('hello').add(HelloService, helloHandlers());
    await mesh.close();
    const port = await freePort();
    const refusedMs = await steadyMs(async () => {
      expect((await failure(() => builder.start({ listen: `127.0.0.1:${port}` }))).message).toBe(
        'the mesh was closed; start its servers before mesh.close()',
      );
    });
    expect(refusedMs).toBeLessThan(900);
    const other = meshWith().server('hello').add(HelloService, helloHandlers());
    await (await other.start({ listen: `127.0.0.1:${port}`, drain: { lameDuckMs: 0 } })).stop();
  });

  it('lists every attempt when it fails after more than one', async () => {
    const mesh = meshWith();
    const handlers: HelloHandlers = {
      ...helloHandlers(),
      anything: () => Promise.reject(new RpcError(status.UNAVAILABLE, 'busy')),
    };
    for (let node = 0; node < 2; node++) {
      await mesh
        .server('hello')
        .add(HelloService, handlers)
        .start({ drain: { lameDuckMs: 0 } });
    }
    const client = mesh.client(HelloService, { service: 'hello' });
    const error = await failure(() => client.anything({ name: 'x' }));
    const attempt = 'hello-\\w+ 127\\.0\\.0\\.1:\\d+ UNAVAILABLE busy \\(answered\\) \\d+ ms';
    expect(error.message).toMatch(
      new RegExp(
        `^14 UNAVAILABLE: hello\\.v1\\.Hello/Anything failed after 2 attempts in \\d+ ms: ${attempt}; ${attempt}$`,
      ),
    );
    expect(error).toMatchObject({ details: 'busy', attempts: [{ code: 14 }, { code: 14 }] });
  });
});
