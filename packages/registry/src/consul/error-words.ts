/**
 * What went wrong on a connection, in words. Node leaves the message of an error empty when it tried several addresses.
 */
export function errorWords(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return error.errors.map(errorWords).join('; ');
  }
  if (!(error instanceof Error)) return String(error);
  if (error.message !== '') return error.message;
  return 'code' in error ? String(error.code) : error.name;
}
