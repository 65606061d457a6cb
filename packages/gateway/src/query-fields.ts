import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from '@bufbuild/protobuf';
import { nearestName } from '@micromesh/core';
import { badRequest } from './gateway-error.js';

// Their JSON is a string, so one parameter says them.
const WRITTEN_AS_STRING = new Set(
  ['Timestamp', 'Duration', 'FieldMask', 'StringValue', 'BytesValue', 'Int32Value', 'Int64Value']
    .concat(['UInt32Value', 'UInt64Value', 'FloatValue', 'DoubleValue', 'BoolValue'])
    .map((name) => `google.protobuf.${name}`),
);

/**
 * Turns query parameters to the proto3 JSON of a message: `?name=xuxu&tags=a&tags=b&inner.deep=1`.
 *
 * @param ofPolicies - parameters that may be meant for the operator's rules alone.
 * @throws GatewayError INVALID_ARGUMENT naming the parameter that fits no field.
 */
export function fieldsFromQuery(
  message: DescMessage,
  query: URLSearchParams,
  ofPolicies: ReadonlySet<string>,
): JsonObject {
  const fields: JsonObject = {};
  for (const name of new Set(query.keys())) {
    if (ofPolicies.has(name) && !isField(message, name)) continue;
    const values = query.getAll(name);
    const path = name.split('.');
    const last = path.pop() ?? '';
    let type = message;
    let target = fields;
    for (const part of path) {
      const field = findField(type, part, name);
      if (field.fieldKind !== 'message') throw badRequest(`${name}: ${part} is no message, it has no fields`);
      type = field.message;
      target = nestedIn(target, field.jsonName);
    }
    const field = findField(type, last, name);
    target[field.jsonName] = jsonValueOf(field, values, name);
  }
  return fields;
}

/** Whether a message has a field of this name, `inner.deep`. */
export function isField(message: DescMessage, name: string): boolean {
  const [first = '', ...others] = name.split('.');
  const field = message.fields.find((each) => isNamed(each, first));
  if (others.length === 0) return field !== undefined;
  return field?.fieldKind === 'message' && isField(field.message, others.join('.'));
}

function isNamed({ name, jsonName }: DescField, written: string): boolean {
  return written === jsonName || written === name;
}

function findField(message: DescMessage, part: string, parameter: string): DescField {
  const field = message.fields.find((each) => isNamed(each, part));
  if (field !== undefined) return field;
  const names = message.fields.map(({ jsonName }) => jsonName);
  const near = nearestName(part, names);
  const mend = near === undefined ? `it has ${names.join(', ') || 'no fields'}` : `did you mean ${near}?`;
  throw badRequest(`${parameter}: ${message.typeName} has no field ${part}; ${mend}`);
}

function nestedIn(target: JsonObject, name: string): JsonObject {
  const present = target[name];
  if (typeof present === 'object' && present !== null && !Array.isArray(present)) return present;
  const nested: JsonObject = {};
  target[name] = nested;
  return nested;
}

function jsonValueOf(field: DescField, values: readonly string[], parameter: string): JsonValue {
  if (field.fieldKind === 'list' && field.listKind !== 'message') {
    return values.map((value) =>
      field.listKind === 'enum' ? enumValue(value) : scalarValue(field.scalar, value),
    );
  }
  const [value = ''] = values;
  if (values.length > 1) throw badRequest(`${parameter}: is given ${values.length} times, and is no list`);
  if (field.fieldKind === 'scalar') return scalarValue(field.scalar, value);
  if (field.fieldKind === 'enum') return enumValue(value);
  if (field.fieldKind === 'message' && WRITTEN_AS_STRING.has(field.message.typeName)) {
    return field.message.typeName === 'google.protobuf.BoolValue'
      ? scalarValue(ScalarType.BOOL, value)
      : value;
  }
  throw badRequest(
    field.fieldKind === 'message'
      ? `${parameter}: is a message; name its fields, ${parameter}.x, or POST JSON`
      : `${parameter}: cannot be said in a query; POST JSON`,
  );
}

// Numbers may be strings in proto3 JSON; booleans may not. What is neither true nor false is refused with its field's name.
function scalarValue(type: ScalarType, value: string): JsonValue {
  if (type === ScalarType.BOOL && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

function enumValue(value: string): JsonValue {
  return /^-?\d+$/.test(value) ? Number(value) : value;
}
