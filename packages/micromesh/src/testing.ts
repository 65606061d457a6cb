export { type RecordedAttempt, ScriptedNode, type ScriptedReply } from '@micromesh/client/testing';
export { FakeClock } from '@micromesh/core/testing';
export {
  createTestMesh,
  type TestHandlerOf,
  type TestHandlers,
  TestMesh,
  type TestMeshOptions,
  TestNode,
} from '@micromesh/mesh/testing';
