import type { z } from 'zod';
import { applied, message } from '../field.js';
import { anyText, text } from '../leaves.js';

/** A path that is changed by a pattern. */
export const regexRewrite = message('RegexRewrite', {
  match: applied(text(), 'RE2 syntax; each part of the path that matches is replaced'),
  rewrite: applied(anyText(), 'what it is replaced by; \\1 is the first group'),
});

/** What is changed in a call before it is sent. */
export const httpRewrite = message('HTTPRewrite', {
  uri: applied(
    text(),
    'the path; where the rule matched a prefix it replaces the prefix; a match without a uri is the prefix `/`; at the HTTP gateway the path of the request, by which its method is then found',
  ),
  authority: applied(
    text(),
    'the authority that the node sees; the node itself is the one of the destination',
  ),
  uriRegexRewrite: applied(
    regexRewrite,
    'changes the path by a pattern, as `uri` does; not together with `uri`',
  ),
});

/** What is changed in a call before it is sent. */
export type HttpRewrite = z.infer<typeof httpRewrite>;
