import { randomUUID } from 'node:crypto';
import type { AnythingReply, AnythingRequest } from './gen/hello/v1/hello.js';
import type { UserHandlers } from './gen/user/v1/user.handlers.js';

/** What the handlers need of hello; `mesh.client(HelloService, ...)` fits. */
export interface Greeter {
  anything(request: AnythingRequest): Promise<AnythingReply>;
}

/** The handlers of `user.v1.User`. */
export function userHandlers(hello: Greeter): UserHandlers {
  return {
    // The deadline and the cancellation of this call reach hello by themselves.
    async test({ id = randomUUID() }) {
      const { msg } = await hello.anything({ name: 'xuxu', id });
      return { msg };
    },
  };
}
