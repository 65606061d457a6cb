import {
  type DescMethod,
  fromBinary,
  fromJson,
  type JsonValue,
  type Registry,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { messageOf } from '@micromesh/core';
import { badRequest } from './gateway-error.js';
import { fieldsFromQuery, isField } from './query-fields.js';

/** Turns the messages of one method from JSON to bytes and back, by proto3's JSON mapping. */
export class JsonMessages {
  readonly #method: DescMethod;
  readonly #types: Registry;

  constructor(method: DescMethod, types: Registry) {
    this.#method = method;
    this.#types = types;
  }

  /**
   * @param body - JSON, or empty for a message without fields.
   * @throws GatewayError INVALID_ARGUMENT with the field, or the place in the text, that is wrong.
   */
  requestFromBody(body: string): Buffer {
    return this.#request(body.trim() === '' ? {} : parse(body));
  }

  /**
   * @param ofPolicies - parameters that may be meant for the operator's rules alone; default: none are.
   * @throws GatewayError INVALID_ARGUMENT with the parameter that fits no field.
   */
  requestFromQuery(query: URLSearchParams, ofPolicies: ReadonlySet<string> = new Set()): Buffer {
    return this.#request(fieldsFromQuery(this.#method.input, query, ofPolicies));
  }

  /** Whether the request has a field of this name, `inner.deep`. */
  hasField(name: string): boolean {
    return isField(this.#method.input, name);
  }

  /** JSON with every field that has no presence, also where it is 0, '' or empty. */
  response(bytes: Buffer): string {
    const { output } = this.#method;
    const json = toJson(output, fromBinary(output, bytes), {
      registry: this.#types,
      alwaysEmitImplicit: true,
    });
    return JSON.stringify(json);
  }

  #request(json: JsonValue): Buffer {
    const { input } = this.#method;
    try {
      return Buffer.from(toBinary(input, fromJson(input, json, { registry: this.#types })));
    } catch (error) {
      throw badRequest(messageOf(error));
    }
  }
}

function parse(body: string): JsonValue {
  try {
    return JSON.parse(body);
  } catch (error) {
    throw badRequest(`the body is no JSON: ${messageOf(error)}`);
  }
}
