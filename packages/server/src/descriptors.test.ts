import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitDescriptorSet } from './descriptors.js';

function encode(file: Uint8Array): number[] {
  const length: number[] = [];
  let rest = file.length;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
  return [0x0a, ...length, rest, ...file];
}

describe('a descriptor set', () => {
  it('comes apart into the files that it was made of', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 })), (files) => {
        const set = Buffer.from(files.flatMap(encode));
        expect(splitDescriptorSet(set).map((file) => [...file])).toEqual(files.map((file) => [...file]));
      }),
    );
  });

  it('is refused, never read past its end, when it is something else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 50 }), (bytes) => {
        try {
          const files = splitDescriptorSet(Buffer.from(bytes));
          expect(files.reduce((sum, file) => sum + file.length, 0)).toBeLessThan(bytes.length);
        } catch (error) {
          expect(String(error)).toContain('are no google.protobuf.FileDescriptorSet');
        }
      }),
    );
  });
});
