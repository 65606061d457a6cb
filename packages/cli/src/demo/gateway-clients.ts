import type { GatewayCallOptions, GatewayMesh, ServerStreamBytes, UnaryBytes } from '@micromesh/gateway';
import type { Mesh } from '@micromesh/mesh';

interface UnaryClient {
  call(request: Buffer, options: GatewayCallOptions): Promise<Buffer>;
}

interface ServerStreamClient {
  call(request: Buffer, options: GatewayCallOptions): AsyncIterable<Buffer>;
}

/** The clients of a mesh as a gateway asks for them: TypeScript cannot see that a generic method fits its two overloads. */
export class GatewayClients implements GatewayMesh {
  readonly #mesh: Mesh;

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
  }

  client(definition: UnaryBytes, options: { readonly service: string }): UnaryClient;
  client(definition: ServerStreamBytes, options: { readonly service: string }): ServerStreamClient;
  client(
    { call }: UnaryBytes | ServerStreamBytes,
    options: { readonly service: string },
  ): UnaryClient | ServerStreamClient {
    return call.responseStream ? this.#mesh.client({ call }, options) : this.#mesh.client({ call }, options);
  }
}
