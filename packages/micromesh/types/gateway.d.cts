// What a CommonJS file sees of `micromesh/gateway`; index.d.cts says why.
import type * as gateway from '../dist/gateway.js' with { 'resolution-mode': 'import' };

export type * from '../dist/gateway.js' with { 'resolution-mode': 'import' };

export declare const createGateway: typeof gateway.createGateway;
