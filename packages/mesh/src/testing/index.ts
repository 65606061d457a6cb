export type { TestHandlerOf, TestHandlers } from './test-handlers.js';
export { createTestMesh, TestMesh, type TestMeshOptions } from './test-mesh.js';
export { TestNode } from './test-node.js';
