export type { UserHandlers } from './gen/user/v1/user.handlers.js';
export { UserClient, UserService } from './gen/user/v1/user.js';
export { type Greeter, userHandlers } from './handlers.js';
