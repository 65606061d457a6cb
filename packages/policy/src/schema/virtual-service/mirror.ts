import type { z } from 'zod';
import { applied, message, required } from '../field.js';
import { destination } from './destination.js';
import { percent } from './percent.js';

/** Where a copy of a call goes. */
export const httpMirrorPolicy = message('HTTPMirrorPolicy', {
  destination: required(
    destination,
    'gets a copy of the call, with -shadow on its authority; what it answers is thrown away',
    'see `mirror`',
  ),
  percentage: applied(percent, 'of the calls; default 100, 0: none'),
});

/** Where a copy of a call goes. */
export type HttpMirrorPolicy = z.infer<typeof httpMirrorPolicy>;
