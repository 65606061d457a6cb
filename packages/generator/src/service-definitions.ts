import { clearField, clone, create, toBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
  MethodOptions_IdempotencyLevel,
} from '@bufbuild/protobuf/wkt';
import { GenerateError } from './generate-error.js';

/**
 * Adds to ts-proto's output what its service definitions lack: `options.idempotency_level` of each method, where
 * proto-loader has it, and the descriptors of the file and of what it imports, for reflection and JSON.
 *
 * @throws GenerateError when ts-proto's output is not as expected.
 */
export function completeServiceDefinitions(
  content: string,
  file: FileDescriptorProto,
  descriptors: FileDescriptorSet,
): string {
  let completed = content;
  for (const service of file.service) {
    for (const method of service.method) {
      const level = idempotencyLevel(method.options?.idempotencyLevel);
      if (level === undefined) continue;
      const path = `/${qualifiedName(file, service.name)}/${method.name}`;
      completed = insertAfterLine(
        completed,
        `    path: "${path}" as const,`,
        `    options: { idempotency_level: "${level}" as const },`,
        file.name,
      );
    }
  }
  return `${completed.trimEnd()}\n\n${descriptorProperties(file, descriptors)}`;
}

/** `hello.v1.Hello` for the service Hello of the package hello.v1; `Hello` where there is no package. */
export function qualifiedName(file: FileDescriptorProto, name: string): string {
  return file.package === '' ? name : `${file.package}.${name}`;
}

function idempotencyLevel(level: MethodOptions_IdempotencyLevel | undefined): string | undefined {
  if (level === MethodOptions_IdempotencyLevel.IDEMPOTENT) return 'IDEMPOTENT';
  if (level === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS) return 'NO_SIDE_EFFECTS';
  return undefined;
}

function insertAfterLine(content: string, line: string, addition: string, file: string): string {
  const lines = content.split('\n');
  const at = lines.indexOf(line);
  if (at < 0 || lines.indexOf(line, at + 1) >= 0) {
    throw new GenerateError([{ file, message: `ts-proto's output does not have once: ${line.trim()}` }]);
  }
  lines.splice(at + 1, 0, addition);
  return lines.join('\n');
}

// Names of messages may be those of globals (Object, Symbol), so these are reached through globalThis.
function descriptorProperties(file: FileDescriptorProto, descriptors: FileDescriptorSet): string {
  const set = create(FileDescriptorSetSchema, {
    file: withImports(file, descriptors).map((each) => withoutComments(each)),
  });
  const base64 = Buffer.from(toBinary(FileDescriptorSetSchema, set)).toString('base64');
  const properties = file.service.map(
    ({ name }) => `globalThis.Object.defineProperty(
  ${name}Service,
  globalThis.Symbol.for("micromesh.fileDescriptorSet"),
  micromeshFileDescriptorSet,
);\n`,
  );
  return `// The descriptors of this file and of its imports, for reflection and JSON.
const micromeshFileDescriptorSet = {
  get: () =>
    globalThis.Buffer.from(
      "${base64}",
      "base64",
    ),
};
${properties.join('')}`;
}

/** The file and all that it imports, imports first. */
function withImports(file: FileDescriptorProto, descriptors: FileDescriptorSet): FileDescriptorProto[] {
  const wanted = new Set<string>();
  const want = (name: string) => {
    if (wanted.has(name)) return;
    wanted.add(name);
    for (const dependency of descriptors.file.find((each) => each.name === name)?.dependency ?? []) {
      want(dependency);
    }
  };
  want(file.name);
  return descriptors.file.filter(({ name }) => wanted.has(name));
}

function withoutComments(file: FileDescriptorProto): FileDescriptorProto {
  const copy = clone(FileDescriptorProtoSchema, file);
  clearField(copy, FileDescriptorProtoSchema.field.sourceCodeInfo);
  return copy;
}
