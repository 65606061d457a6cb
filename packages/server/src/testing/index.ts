export { ActiveCalls } from '../active-calls.js';
export { type BoundHandler, bindHandlers } from '../bound-handler.js';
export { CallLogger } from '../call-logger.js';
export type { CallRoom, Surface } from '../call-room.js';
export type { ReplyStatus } from '../reply-status.js';
export { type RequestSource, RequestStream } from '../request-stream.js';
export { runHandler } from '../server-call.js';
export { SingleResponseCall } from '../single-response-call.js';
export { type ResponseSink, StreamResponseCall } from '../stream-response-call.js';
