import { nearestName } from '@micromesh/core';
import { InvalidArgumentError } from 'commander';

/** A reader of a whole number for an option; commander names the option when it throws. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It takes a whole number from ${min} to ${max}.`);
  };
}

/** A reader of one of several names for an option, with a suggestion where one is near. */
export function oneOf<Name extends string>(names: readonly Name[]): (text: string) => Name {
  return (text) => {
    const found = names.find((name) => name === text);
    if (found !== undefined) return found;
    const near = nearestName(text, names);
    throw new InvalidArgumentError(
      near === undefined ? `It takes ${names.join(', ')}.` : `Did you mean ${near}?`,
    );
  };
}
