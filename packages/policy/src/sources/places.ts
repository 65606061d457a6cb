// The places that createMesh takes, without what reads them: that is loaded when one is opened.
export { type FolderOptions, folder } from './folder/folder.js';
export { type ConsulKvOptions, consulKv } from './kv/consul-kv.js';
export type { PolicyPlace, PolicySource, PolicySourceParts } from './policy-source.js';
