import type { FieldPath } from '../problem.js';
import { formatPath } from '../problem.js';
import type { Resource } from '../validate/resource.js';

/** Where a value of a policy comes from, for `explain`. */
export interface PolicyOrigin {
  /** `VirtualService shop/hello`; without a namespace where the resource names none. */
  readonly resource: string;
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  /** Counts from 1. */
  readonly column: number;
  /** `spec.http[0].timeout` */
  readonly path: string;
  /** Whether nobody wrote the value: it is the default of a block that is there. */
  readonly isDefault: boolean;
}

/** A value of a policy, and where it comes from. */
export interface Sourced<T> {
  readonly value: T;
  readonly origin: PolicyOrigin;
}

/** A place in a resource: what is read there is told with its origin. */
export class ResourcePlace {
  constructor(
    readonly resource: Resource,
    readonly path: FieldPath,
  ) {}

  /** A place further down. */
  at(...parts: FieldPath): ResourcePlace {
    return new ResourcePlace(this.resource, [...this.path, ...parts]);
  }

  /** The origin of what is written here. */
  origin(isDefault = false): PolicyOrigin {
    const { document } = this.resource;
    const { line, column } = document.locate(this.path);
    const path = formatPath(this.path);
    return { resource: resourceTitle(this.resource), file: document.file, line, column, path, isDefault };
  }

  /** A value that is written in a field, else the default that a silent field has in a block that is there. */
  orDefault<T>(field: string, value: T | undefined, fallback: T): Sourced<T> {
    const origin = this.at(field).origin(value === undefined);
    return { value: value ?? fallback, origin };
  }

  /** A value that may be written in a field. */
  maybe<T>(field: string, value: T | undefined): Sourced<T> | undefined {
    return value === undefined ? undefined : { value, origin: this.at(field).origin() };
  }
}

/** `VirtualService shop/hello` */
export function resourceTitle({ kind, namespace, name }: Resource): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
