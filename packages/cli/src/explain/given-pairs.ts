import { ConfigError } from '@micromesh/core';
import type { PolicyCaller } from '@micromesh/policy';

/** What a command is told of the process that calls. */
export interface CallerWords {
  /** `label=value,...` */
  readonly from?: string;
  /** Of the caller. */
  readonly fromNamespace?: string;
}

/**
 * Reads who calls.
 *
 * @throws ConfigError for a label without a value.
 */
export function readCaller({ from, fromNamespace }: CallerWords): PolicyCaller {
  return {
    labels: from === undefined ? {} : readLabels(from),
    ...(fromNamespace === undefined ? {} : { namespace: fromNamespace }),
  };
}

/**
 * Reads headers, `name=value` each; their names come in lower case.
 *
 * @param jointOf - says what comes between the values of one name.
 * @throws ConfigError for what is no header of text.
 */
export function readHeaders(
  pairs: readonly string[],
  jointOf: (name: string) => string,
): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const pair of pairs) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
    const key = name.toLowerCase();
    if (!/^[a-z0-9_.-]+$/.test(key)) {
      throw new ConfigError('--header', pair, 'is no header', 'write name=value: -H x-user=anna');
    }
    if (key.endsWith('-bin')) {
      throw new ConfigError('--header', pair, 'is binary', 'name a header of text: rules look at no other');
    }
    // As a call shows several values of one name.
    headers[key] = Object.hasOwn(headers, key) ? `${headers[key]}${jointOf(key)}${value}` : value;
  }
  return headers;
}

function readLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const [, name, value] = /^([^=]+)=(.+)$/s.exec(pair.trim()) ?? [];
    if (name === undefined || value === undefined) {
      throw new ConfigError(
        '--from',
        text,
        'has no label and value everywhere',
        'write label=value,...: --from app=shop,zone=a',
      );
    }
    labels[name] = value;
  }
  return labels;
}
