import { createHash } from 'node:crypto';
import { type ReadResult, readResources } from '../document/read-resources.js';
import type { Problem } from '../problem.js';
import { type ValidationResult, validate } from '../validate/validate.js';

/** A text of resources. */
export interface PolicyText {
  /** Names the text in problems and in `explain`. */
  readonly file: string;
  /** YAML or JSON. */
  readonly text: string;
  /** The line of the file at which the text begins; default 1. */
  readonly line?: number;
}

/** Reads and validates texts that are applied together, at one go. Never throws. */
export function readPolicies(texts: readonly PolicyText[]): ValidationResult {
  return validated(texts, texts.map(readText));
}

/** Reads one text; all places are those of its file. */
export function readText({ file, text, line = 1 }: PolicyText): ReadResult {
  return readResources('\n'.repeat(line - 1) + text, file);
}

/** Validates what was read of texts that are applied together. */
export function validated(texts: readonly PolicyText[], read: readonly ReadResult[]): ValidationResult {
  const { resources, problems } = validate(read.flatMap(({ documents }) => documents));
  const unread = read.flatMap((each) => each.problems);
  return { resources, problems: byPlace([...unread, ...problems], texts) };
}

/** In the order of the texts, and of the lines in each. */
function byPlace(problems: readonly Problem[], texts: readonly PolicyText[]): readonly Problem[] {
  const order = new Map(texts.map(({ file }, at) => [file, at]));
  const place = ({ file }: Problem) => order.get(file) ?? texts.length;
  return problems.toSorted((a, b) => place(a) - place(b) || a.line - b.line || a.column - b.column);
}

/** Whether nothing of a set is applied for its problems. */
export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

/** A name for the contents of texts: 12 hexadecimal digits of their SHA-256. */
export function hashOf(texts: readonly PolicyText[]): string {
  const hash = createHash('sha256');
  for (const { file, text } of texts) hash.update(JSON.stringify([file, text]));
  return hash.digest('hex').slice(0, 12);
}
