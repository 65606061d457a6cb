import type { z } from 'zod';
import { applied, message, required } from '../field.js';
import { destination } from './destination.js';
import { percent } from './percent.js';

/** Where a copy of a call goes. */
export const httpMirrorPolicy = message('HTTPMirrorPolicy', {
  destination: required(
    destination,
    'gets a copy of the call; what it answers is thrown away',
    'the authority of the copy is not given the suffix -shadow',
  ),
  percentage: applied(percent, 'of the calls; default 100, 0: none'),
});

/** Where a copy of a call goes. */
export type HttpMirrorPolicy = z.infer<typeof httpMirrorPolicy>;
