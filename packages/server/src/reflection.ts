import type { Server } from '@grpc/grpc-js';
import type { EnumTypeDefinition } from '@grpc/proto-loader';
import type { Logger, ServiceDefinition } from '@micromesh/core';
import { descriptorsOf } from './descriptors.js';
import type { OpenStreams } from './open-streams.js';

/** A service with its definition, as reflection lists it. */
export interface ReflectedService {
  /** `hello.v1.Hello` */
  readonly name: string;
  readonly definition: ServiceDefinition;
}

/**
 * Adds `grpc.reflection` v1 and v1alpha for the services whose definitions carry descriptors, and for the health service.
 * What cannot be reflected is a warning, never a server that does not start.
 *
 * @param builtIns - the mesh's own services: where the others can be reflected, they are too.
 */
export async function addReflection(
  server: Server,
  services: readonly ReflectedService[],
  builtIns: readonly ReflectedService[],
  streams: OpenStreams,
  logger: Logger,
): Promise<void> {
  const names: string[] = [];
  const files: Buffer[] = [];
  for (const { name, definition } of services) {
    try {
      const own = descriptorsOf(definition);
      if (own.length === 0) {
        logger.debug(
          { proto: name },
          'reflection does not know this service: its definition has no descriptors',
        );
        continue;
      }
      names.push(name);
      files.push(...own);
    } catch (error) {
      logger.warn({ err: error, proto: name }, 'reflection does not know this service');
    }
  }
  if (names.length === 0) return;
  const { service: health } = await import('grpc-health-check');
  names.push('grpc.health.v1.Health', ...builtIns.map(({ name }) => name));
  files.push(...descriptorsOf(health), ...builtIns.flatMap(({ definition }) => descriptorsOf(definition)));
  // ReflectionService reads the descriptors of a package definition and nothing else of it.
  const everything: EnumTypeDefinition = {
    format: 'Protocol Buffer 3 EnumDescriptorProto',
    type: {},
    fileDescriptorProtos: files,
  };
  try {
    const { ReflectionService } = await import('@grpc/reflection');
    new ReflectionService({ everything }, { services: names }).addToServer(streams.trackedBy(server));
  } catch (error) {
    logger.warn({ err: error }, 'reflection is off: the descriptors of the services cannot be read');
  }
}
