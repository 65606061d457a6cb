import type { Outcome } from '@micromesh/core';
import type { Bracket, Interceptor, Invoke } from './interceptor.js';

/** A list of layers, outermost first, that ends in the one that carries out. */
export class Layers<In, Out> {
  private constructor(
    private readonly fold: (last: Invoke<Out>) => Invoke<In>,
    /** The innermost layers, as long as they are brackets. */
    private readonly brackets: readonly Bracket<Out>[],
    /** The names of the layers, outermost first. */
    readonly names: readonly string[],
  ) {}

  /** An empty list. */
  static of<C>(): Layers<C, C> {
    return new Layers((last) => last, [], []);
  }

  /** Adds a layer inside those that are there. It must take what the one above hands on, or this does not compile. */
  inside<Next>(name: string, interceptor: Interceptor<Out, Next>): Layers<In, Next> {
    return new Layers((last) => this.#close(interceptor(last)), [], [...this.names, name]);
  }

  /** Adds a layer that looks on. */
  around(name: string, bracket: Bracket<Out>): Layers<In, Out> {
    return new Layers(this.fold, [...this.brackets, bracket], [...this.names, name]);
  }

  /** Adds a layer that looks on, where one is asked for. */
  aroundIf(name: string, bracket: Bracket<Out> | undefined): Layers<In, Out> {
    return bracket === undefined ? this : this.around(name, bracket);
  }

  /** Adds layers of users', which hand on what they get. */
  insideAll(name: string, interceptors: readonly Interceptor<Out>[]): Layers<In, Out> {
    if (interceptors.length === 0) return this;
    const fold = (last: Invoke<Out>) =>
      this.#close(interceptors.reduceRight((next, interceptor) => interceptor(next), last));
    return new Layers(fold, [], [...this.names, `${name} x ${interceptors.length}`]);
  }

  /** Adds a layer that hands on what it gets, where one is asked for: nobody pays for one that is not. */
  insideIf(name: string, interceptor: Interceptor<Out> | undefined): Layers<In, Out> {
    return interceptor === undefined ? this : this.inside(name, interceptor);
  }

  /** Closes the list with the layer that carries out. */
  end(name: string, last: Invoke<Out>): { readonly invoke: Invoke<In>; readonly names: readonly string[] } {
    return { invoke: this.#close(last), names: [...this.names, name] };
  }

  #close(last: Invoke<Out>): Invoke<In> {
    return this.fold(this.brackets.length === 0 ? last : bracketed(this.brackets, last));
  }
}

/** Brackets and what they are around, as one step. */
function bracketed<C>(brackets: readonly Bracket<C>[], next: Invoke<C>): Invoke<C> {
  return function bracketed(call) {
    for (let entered = 0; entered < brackets.length; entered++) {
      const answer = brackets[entered]?.before?.(call);
      if (answer !== undefined) return Promise.resolve(leave(brackets, entered, call, answer));
    }
    return next(call).then((outcome) => leave(brackets, brackets.length, call, outcome));
  };
}

function leave<C>(brackets: readonly Bracket<C>[], entered: number, call: C, outcome: Outcome): Outcome {
  for (let index = entered - 1; index >= 0; index--) brackets[index]?.after(call, outcome);
  return outcome;
}
