import { Metadata, type MetadataValue } from '@grpc/grpc-js';

/** Metadata as plain data: names with their values in order. Values of `-bin` names are bytes. */
export type MetadataPairs = readonly (readonly [name: string, value: MetadataValue])[];

/** All pairs of a metadata object. */
export function pairsOf(metadata: Metadata): MetadataPairs {
  return Object.keys(metadata.getMap()).flatMap((name) =>
    metadata.get(name).map((value): readonly [string, MetadataValue] => [name, value]),
  );
}

/** The pairs of all names whose values are others than before. */
export function changedPairs(before: MetadataPairs, metadata: Metadata): MetadataPairs {
  const old = toMetadata(before);
  return pairsOf(metadata).filter(([name]) => !sameValues(old.get(name), metadata.get(name)));
}

/** Puts pairs in, in the place of what their names had. */
export function putPairs(metadata: Metadata, pairs: MetadataPairs): void {
  for (const [name] of pairs) metadata.remove(name);
  for (const [name, value] of pairs) metadata.add(name, value);
}

/** About how many bytes they are. */
export function sizeOfPairs(pairs: MetadataPairs): number {
  let bytes = 0;
  for (const [name, value] of pairs) bytes += name.length + value.length;
  return bytes;
}

function toMetadata(pairs: MetadataPairs): Metadata {
  const metadata = new Metadata();
  putPairs(metadata, pairs);
  return metadata;
}

function sameValues(a: readonly MetadataValue[], b: readonly MetadataValue[]): boolean {
  return a.length === b.length && a.every((value, at) => sameValue(value, b[at]));
}

function sameValue(a: MetadataValue, b: MetadataValue | undefined): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : a === b;
}
