import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { qualifiedName } from './service-definitions.js';
import type { GeneratedFile } from './ts-proto.js';

/** Writes the handler types of a file's services: what `mesh.server(...).add(HelloService, handlers)` wants. */
export function handlerTypes(file: FileDescriptorProto, stubPath: string): GeneratedFile {
  const stub = stubPath.replace(/\.ts$/, '');
  const stubModule = `./${stub.slice(stub.lastIndexOf('/') + 1)}.js`;
  const services = file.service.map(({ name }) => name);
  const types = services.map(
    (name) => `
/** What a server of \`${qualifiedName(file, name)}\` implements: one async function a method. */
export type ${name}Handlers = Handlers<typeof ${name}Service>;
`,
  );
  return {
    path: `${stub}.handlers.ts`,
    content: `// source: ${file.name}

/* eslint-disable */
import type { Handlers } from "micromesh";
import type { ${services.map((name) => `${name}Service`).join(', ')} } from "${stubModule}";
${types.join('')}`,
  };
}
