import { createFileRegistry, type DescService, type FileRegistry, fromBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { ConfigError, FILE_DESCRIPTOR_SET, type ServiceDefinition } from '@micromesh/core';

/** A proto service with the types of its messages. */
export interface DescribedService {
  readonly descriptor: DescService;
  /** Every type that its messages can hold, for `google.protobuf.Any`. */
  readonly types: FileRegistry;
}

/**
 * Finds the descriptors that a generated service constant carries.
 *
 * @param typeName - `user.v1.User`
 * @throws ConfigError when it carries none, as proto-loader's: those lose what JSON needs (imports, optional fields).
 */
export function describeService(definition: ServiceDefinition, typeName: string): DescribedService {
  const attached: unknown = Reflect.get(definition, FILE_DESCRIPTOR_SET);
  const bytes = typeof attached === 'string' ? Buffer.from(attached, 'base64') : attached;
  if (!(bytes instanceof Uint8Array)) throw noDescriptors(typeName);
  const types = createFileRegistry(fromBinary(FileDescriptorSetSchema, bytes));
  const descriptor = types.getService(typeName);
  if (descriptor === undefined) throw noDescriptors(typeName);
  return { descriptor, types };
}

function noDescriptors(typeName: string): ConfigError {
  return new ConfigError(
    'definitions',
    typeName,
    'carries no descriptors, which JSON needs',
    'give the constant that `micromesh generate` writes',
  );
}
