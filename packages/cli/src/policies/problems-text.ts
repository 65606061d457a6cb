import type { Problem } from '@micromesh/policy';
import type { Colors } from '../command/colors.js';

/** What is wrong, a line each: the place, how bad it is, what it is and the mend. */
export function problemsText(problems: readonly Problem[], colors: Colors): string {
  const places = problems.map(({ file, line, column }) => `${file}:${line}:${column}`);
  const width = Math.max(0, ...places.map((place) => place.length));
  return problems
    .map((problem, at) => `${(places[at] ?? '').padEnd(width)}  ${sentence(problem, colors)}\n`)
    .join('');
}

function sentence({ severity, path, message, fix }: Problem, colors: Colors): string {
  const word = severity === 'error' ? colors.red('error  ') : colors.yellow('warning');
  return `${word}  ${path === '' ? '' : `${path}: `}${message}; ${fix}`;
}

/** How many of each: `2 errors, 1 warning`. */
export function problemCounts(problems: readonly Problem[]): string {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  return `${counted(errors, 'error')}, ${counted(warnings, 'warning')}`;
}

/** `1 error`, `2 errors`. */
export function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
