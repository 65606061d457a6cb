// What a CommonJS file sees of `micromesh/testing`; index.d.cts says why.
import type * as testing from '../dist/testing.js' with { 'resolution-mode': 'import' };

export type * from '../dist/testing.js' with { 'resolution-mode': 'import' };

export declare const createTestMesh: typeof testing.createTestMesh;
export declare const FakeClock: typeof testing.FakeClock;
export type FakeClock = testing.FakeClock;
export declare const ScriptedNode: typeof testing.ScriptedNode;
export type ScriptedNode = testing.ScriptedNode;
export declare const TestMesh: typeof testing.TestMesh;
export type TestMesh = testing.TestMesh;
export declare const TestNode: typeof testing.TestNode;
export type TestNode = testing.TestNode;
