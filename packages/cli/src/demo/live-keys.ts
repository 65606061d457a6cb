/** The keys of the live demo, and what they do. */
export const KEYS = [
  ['1-9', 'select'],
  ['k', 'kill -9'],
  ['f', 'freeze'],
  ['t', 'thaw'],
  ['s', 'start'],
  ['q', 'quit'],
] as const;

/** What to tell somebody who pressed a key that does nothing. */
export function keyHint(key: string, slots: readonly number[]): string {
  if (/^\d$/.test(key)) return `there is no node ${key}; there are 1 to ${slots.length}, and s starts one`;
  return `${key} does nothing; ${KEYS.map(([name, what]) => `${name} ${what}`).join(', ')}`;
}
