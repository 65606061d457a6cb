import { ConfigError, FILE_DESCRIPTOR_SET, type ServiceDefinition } from '@micromesh/core';

/**
 * The encoded `FileDescriptorProto`s of a service, imports included; empty when its definition carries none.
 *
 * Generated constants have them under {@link FILE_DESCRIPTOR_SET}; proto-loader's definitions have them on each message type.
 *
 * @throws ConfigError when the generated constant's set is none.
 */
export function descriptorsOf(definition: ServiceDefinition): readonly Buffer[] {
  const attached: unknown = Reflect.get(definition, FILE_DESCRIPTOR_SET);
  if (typeof attached === 'string') return splitDescriptorSet(Buffer.from(attached, 'base64'));
  if (attached instanceof Uint8Array) {
    return splitDescriptorSet(Buffer.from(attached.buffer, attached.byteOffset, attached.byteLength));
  }
  return Object.values(definition).flatMap((method) => [
    ...loadedDescriptors(method, 'requestType'),
    ...loadedDescriptors(method, 'responseType'),
  ]);
}

function loadedDescriptors(method: object, side: 'requestType' | 'responseType'): readonly Buffer[] {
  const type: unknown = Reflect.get(method, side);
  if (typeof type !== 'object' || type === null || !('fileDescriptorProtos' in type)) return [];
  const { fileDescriptorProtos } = type;
  return Array.isArray(fileDescriptorProtos)
    ? fileDescriptorProtos.filter((file) => Buffer.isBuffer(file))
    : [];
}

/**
 * Takes a `google.protobuf.FileDescriptorSet` apart: `repeated FileDescriptorProto file = 1`, and nothing else.
 *
 * @throws ConfigError when the bytes are no such set.
 */
export function splitDescriptorSet(bytes: Buffer): readonly Buffer[] {
  const files: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at++];
    let length = 0;
    let factor = 1;
    for (let more = true; more; factor *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || factor > 2 ** 28) throw notASet(bytes);
      length += (byte & 0x7f) * factor;
      more = byte >= 0x80;
    }
    if (tag !== 0x0a || at + length > bytes.length) throw notASet(bytes);
    files.push(bytes.subarray(at, at + length));
    at += length;
  }
  return files;
}

function notASet(bytes: Buffer): ConfigError {
  return new ConfigError(
    'definition[FILE_DESCRIPTOR_SET]',
    `${bytes.length} bytes`,
    'are no google.protobuf.FileDescriptorSet',
    'generate the code again with `micromesh generate`',
  );
}
