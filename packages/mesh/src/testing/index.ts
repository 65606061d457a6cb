export { createTestMesh, TestMesh, type TestMeshOptions } from './test-mesh.js';
export { type TestHandlers, TestNode } from './test-node.js';
