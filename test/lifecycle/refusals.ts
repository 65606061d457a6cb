import { createMesh, type Mesh, type MeshOptions, memory } from 'micromesh';

const meshes: Mesh[] = [];

/** Closes what {@link meshWith} made: after each test. Not a hook of this module's, which would run for the first file only that loads it. */
export async function closeMeshes(): Promise<void> {
  await Promise.all(meshes.splice(0).map((mesh) => mesh.close()));
}

/** A mesh of its own registry, closed by {@link closeMeshes}. */
export function meshWith(options: MeshOptions = {}): Mesh {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  const mesh = createMesh({ registry: memory(), logger, ...options });
  meshes.push(mesh);
  return mesh;
}

/** What JavaScript may pass where TypeScript would refuse it. */
export function untyped<T>(value: unknown): T {
  return value as T;
}

/** The error that `work` throws or rejects with. */
export async function failure(work: () => unknown): Promise<Error> {
  try {
    await work();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
