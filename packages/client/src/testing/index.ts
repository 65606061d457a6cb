export {
  InMemoryTransport,
  type NodeScript,
  type RecordedAttempt,
  ScriptedNode,
  type ScriptedReply,
} from './in-memory-transport.js';
export { ScriptedRegistry } from './scripted-registry.js';
export { type TestCall, TestWorld, testNode } from './test-world.js';
