import type { Interceptor, Invoke } from './interceptor.js';

/** A list of layers, outermost first, that ends in the one that carries out. */
export class Layers<In, Out> {
  private constructor(
    private readonly fold: (last: Invoke<Out>) => Invoke<In>,
    /** The names of the layers, outermost first. */
    readonly names: readonly string[],
  ) {}

  /** An empty list. */
  static of<C>(): Layers<C, C> {
    return new Layers((last) => last, []);
  }

  /** Adds a layer inside those that are there. It must take what the one above hands on, or this does not compile. */
  inside<Next>(name: string, interceptor: Interceptor<Out, Next>): Layers<In, Next> {
    return new Layers((last) => this.fold(interceptor(last)), [...this.names, name]);
  }

  /** Adds layers of users', which hand on what they get. */
  insideAll(name: string, interceptors: readonly Interceptor<Out>[]): Layers<In, Out> {
    const fold = (last: Invoke<Out>) =>
      interceptors.reduceRight((next, interceptor) => interceptor(next), last);
    const names =
      interceptors.length === 0 ? this.names : [...this.names, `${name} x ${interceptors.length}`];
    return new Layers((last) => this.fold(fold(last)), names);
  }

  /** Closes the list with the layer that carries out. */
  end(name: string, last: Invoke<Out>): { readonly invoke: Invoke<In>; readonly names: readonly string[] } {
    return { invoke: this.fold(last), names: [...this.names, name] };
  }
}
