/**
 * Says something to the process that started this one.
 *
 * @typeParam R - all that it may be told.
 */
export function tell<R extends { readonly type: string }>(report: R): void {
  process.send?.(report);
}
