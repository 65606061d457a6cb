import { z } from 'zod';
import { leaf } from './field.js';

/** A text that says something. */
export function text() {
  return leaf(z.string().min(1), 'text', 'write a text; numbers and true or false in quotes');
}

/** A text, be it empty. */
export function anyText() {
  return leaf(z.string(), 'text', 'write a text; numbers and true or false in quotes');
}

/** A whole number. */
export function integer(min: number, max: number) {
  return leaf(z.int().min(min).max(max), `whole number from ${min} to ${max}`, 'write one, without quotes');
}

/** A number that need not be whole. */
export function decimal(min: number, max: number) {
  return leaf(z.number().min(min).max(max), `number from ${min} to ${max}`, 'write one, without quotes');
}

/** True or false. */
export function flag() {
  return leaf(z.boolean(), 'boolean', 'write true or false, without quotes');
}

/** One of a few words. */
export function word<const W extends readonly [string, ...string[]]>(...words: W) {
  return leaf(z.enum(words), 'value of this field', `write ${words.join(' or ')}`);
}

/** A text of one form. */
export function formed(form: RegExp, noun: string, fix: string) {
  return leaf(z.string().regex(form), noun, fix);
}

/** The largest that an int32, an uint32 of Istio's messages holds. */
export const MAX_INT32 = 2 ** 31 - 1;
export const MAX_UINT32 = 2 ** 32 - 1;

/** A TCP port. */
export function port() {
  return integer(1, 65_535);
}

/** A list that has at least one item. */
export function list<S extends z.ZodType>(item: S) {
  return z.array(item).min(1);
}

/** A map with at least one entry; its keys are any text. */
export function mapOf<S extends z.ZodType>(value: S) {
  return z.record(z.string(), value);
}
