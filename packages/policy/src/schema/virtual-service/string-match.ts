import type { z } from 'zod';
import { applied, message } from '../field.js';
import { anyText } from '../leaves.js';

/** How a text is compared; empty (`{}`): that a header is there is enough. */
export const stringMatch = message('StringMatch', {
  exact: applied(anyText(), 'the whole text, letter by letter'),
  prefix: applied(anyText(), 'how the text begins'),
  regex: applied(
    anyText(),
    'RE2 syntax; the whole text must match; no text makes it slow',
    'at most 1024 characters; Envoy bounds the size of the compiled program',
  ),
});

/** How a text is compared. */
export type StringMatch = z.infer<typeof stringMatch>;
