export { InMemoryTransport } from './in-memory-transport.js';
export type {
  CallReceiver,
  IncomingCall,
  NodeScript,
  RecordedAttempt,
  ScriptedReply,
} from './node-script.js';
export { ScriptedNode } from './scripted-node.js';
export { ScriptedReceiver } from './scripted-receiver.js';
export { ScriptedRegistry } from './scripted-registry.js';
export { type TestCall, TestWorld, testNode } from './test-world.js';
