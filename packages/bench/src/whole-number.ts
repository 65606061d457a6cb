/** The number that an option of the command line says. @throws Error when it is not a whole one of at least 1. */
export function wholeNumber(name: string, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new Error(`--${name}: ${text} is not a whole number of at least 1`);
}
