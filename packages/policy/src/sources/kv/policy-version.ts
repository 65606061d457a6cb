import { ConfigError } from '@micromesh/core';
import type { StoredResource } from './stored-resource.js';

/** Who applies something, and why. */
export interface PolicyStamp {
  /** At most 200 characters, all of them printable. */
  readonly who: string;
  /** In ms since 1970. */
  readonly atMs: number;
  /** At most 1000 characters, all of them printable. */
  readonly why: string;
}

/** A version of the whole set. */
export interface PolicyVersion extends PolicyStamp {
  /** 1 for the first; each later one is greater. */
  readonly version: number;
  /** The version whose resources it has again. */
  readonly rollbackTo?: number | undefined;
  readonly resources: readonly StoredResource[];
}

const MAX_WHO = 200;
const MAX_WHY = 1000;
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** @throws ConfigError for words that are empty, too long or not printable. */
export function checkStamp({ who, why }: PolicyStamp): void {
  checkWords('who', who, MAX_WHO);
  checkWords('message', why, MAX_WHY);
}

function checkWords(field: string, value: string, max: number): void {
  if (value.trim() === '') throw new ConfigError(field, value, 'is empty', 'say it in a few words');
  if (value.length > max) {
    throw new ConfigError(field, value, `is longer than ${max} characters`, 'shorten it');
  }
  if (UNPRINTABLE.test(value)) {
    throw new ConfigError(
      field,
      value,
      'has characters that cannot be printed',
      'write one line of plain text',
    );
  }
}
