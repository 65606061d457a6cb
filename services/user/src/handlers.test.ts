import { createMesh } from 'micromesh';
import { describe, expect, it } from 'vitest';
import type { AnythingRequest } from './gen/hello/v1/hello.js';
import { UserService } from './gen/user/v1/user.js';
import { userHandlers } from './handlers.js';

const logger = { debug() {}, info() {}, warn() {}, error() {} };

describe('user', () => {
  it('has hello greet xuxu, with the id of its caller or one of its own', async () => {
    const asked: AnythingRequest[] = [];
    const hello = {
      async anything(request: AnythingRequest) {
        asked.push(request);
        return { msg: `Hello ${request.name}` };
      },
    };
    const mesh = createMesh({ registry: 'memory:', logger });
    try {
      await mesh
        .server('user')
        .add(UserService, userHandlers(hello))
        .start({ drain: { lameDuckMs: 0 } });
      const user = mesh.client(UserService, { service: 'user' });
      expect(await user.test({ id: 'call-1' })).toEqual({ msg: 'Hello xuxu' });
      await user.test({});
      await user.test({});
      expect(asked.map(({ name }) => name)).toEqual(['xuxu', 'xuxu', 'xuxu']);
      expect(asked[0]?.id).toBe('call-1');
      expect(new Set(asked.map(({ id }) => id)).size).toBe(3);
    } finally {
      await mesh.close();
    }
  });
});
