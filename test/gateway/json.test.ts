import { createFileRegistry, type DescMethod, fromBinary } from '@bufbuild/protobuf';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { JsonMessages } from '../../packages/gateway/src/json-messages.js';
import { findProtoFiles } from '../../packages/generator/src/proto-files.js';
import { compileProtos } from '../../packages/generator/src/protoc.js';
import { PROTOS } from '../generator/fixture.js';

// Each generation is two processes, and other tests run beside.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let put: DescMethod;
let messages: JsonMessages;

beforeAll(async () => {
  const { descriptors } = await compileProtos(await findProtoFiles([PROTOS], []));
  const types = createFileRegistry(descriptors);
  const method = types.getService('shop.v1.Orders')?.methods.find(({ name }) => name === 'Put');
  if (method === undefined) throw new Error('the fixture has no shop.v1.Orders/Put');
  put = method;
  messages = new JsonMessages(method, types);
});

function throughBody(json: object): unknown {
  return JSON.parse(messages.response(messages.requestFromBody(JSON.stringify(json))));
}

function throughQuery(query: string): unknown {
  return JSON.parse(messages.response(messages.requestFromQuery(new URLSearchParams(query))));
}

describe('JSON to a message and back', () => {
  it('keeps what proto3 JSON can say', () => {
    const json = {
      aDouble: 'NaN',
      anInt64: '-9007199254740993',
      aUint64: '18446744073709551615',
      someBytes: 'AP8B',
      mode: 'MODE_SLOW',
      inner: { deep: { text: 'deep' }, all: [{ text: 'a' }] },
      price: { currency: 'EUR', units: '12', nanos: 500 },
      maybeString: '',
      maybeInt64: '0',
      manyInt64: ['1', '-1'],
      byName: { one: { text: '1' } },
      byInt64: { '9007199254740993': 'big' },
      byBool: { true: 'MODE_FAST' },
      number: '-5',
      at: '2026-11-21T03:42:11.123456789Z',
      lasts: '3.500s',
      wrappedString: 'wrapped',
      wrappedInt64: '5',
      freeForm: { name: 'x', list: [1, true, null] },
      anything: { '@type': 'type.googleapis.com/shop.v1.GetRequest', id: '1' },
      mask: 'a,b.c',
    };
    expect(throughBody(json)).toMatchObject(json);
  });

  it('says fields without presence also where they are empty, and no absent ones', () => {
    const empty = throughBody({});
    expect(empty).toMatchObject({
      aString: '',
      anInt32: 0,
      anInt64: '0',
      aBool: false,
      manyStrings: [],
      byName: {},
    });
    for (const absent of ['maybeString', 'inner', 'number', 'at']) expect(empty).not.toHaveProperty(absent);
  });

  it('takes names as the .proto writes them', () => {
    expect(throughBody({ a_string: 'x' })).toMatchObject({ aString: 'x' });
  });

  it('takes an empty body for a message without fields', () => {
    expect(fromBinary(put.input, messages.requestFromBody(' \n'))).toEqual(
      fromBinary(put.input, new Uint8Array()),
    );
  });

  it.each([
    ['{"aString":5}', 'shop.v1.Everything.a_string'],
    ['{"anInt32":"x"}', 'shop.v1.Everything.an_int32'],
    ['{"inner":{"deep":{"text":[]}}}', 'shop.v1.Everything.Inner.Deep.text'],
    ['{"mode":"MODE_NONE"}', 'enum shop.v1.Everything.Mode from JSON: "MODE_NONE"'],
    ['{"at":"yesterday"}', 'google.protobuf.Timestamp'],
    ['{"nme":1}', '"nme"'],
    ['{"text":"a","flag":true}', 'choice'],
    ['[]', 'shop.v1.Everything'],
    ['{"aString":', 'the body is no JSON'],
  ])('refuses %s and names what is wrong', (body, named) => {
    expect(() => messages.requestFromBody(body)).toThrow(named);
  });
});

describe('a query to a message', () => {
  it('sets fields of every kind that one parameter can say', () => {
    const query = [
      'aString=gr%C3%BC%C3%9Fe',
      'an_int32=-7',
      'anInt64=-9007199254740993',
      'aDouble=1.5',
      'aBool=true',
      'mode=MODE_FAST',
      'maybeMode=2',
      'manyStrings=a&manyStrings=b',
      'manyModes=1&manyModes=MODE_SLOW',
      'inner.deep.text=deep',
      'price.currency=EUR&price.units=12',
      'number=-5',
      'at=2026-11-21T03:42:11Z',
      'wrappedString=w',
      'mask=a,bC',
      'someBytes=AP8B',
    ].join('&');
    expect(throughQuery(query)).toMatchObject({
      aString: 'grüße',
      anInt32: -7,
      anInt64: '-9007199254740993',
      aDouble: 1.5,
      aBool: true,
      mode: 'MODE_FAST',
      maybeMode: 'MODE_SLOW',
      manyStrings: ['a', 'b'],
      manyModes: ['MODE_FAST', 'MODE_SLOW'],
      inner: { deep: { text: 'deep' } },
      price: { currency: 'EUR', units: '12' },
      number: '-5',
      at: '2026-11-21T03:42:11Z',
      wrappedString: 'w',
      mask: 'a,bC',
      someBytes: 'AP8B',
    });
  });

  it.each([
    ['aStrin=x', 'aStrin: shop.v1.Everything has no field aStrin; did you mean aString?'],
    ['zzzzzzzzz=1', 'zzzzzzzzz: shop.v1.Everything has no field zzzzzzzzz; it has aDouble, aFloat'],
    [
      'inner.deep.txt=x',
      'inner.deep.txt: shop.v1.Everything.Inner.Deep has no field txt; did you mean text?',
    ],
    ['aString.x=1', 'aString.x: aString is no message, it has no fields'],
    ['aString=1&aString=2', 'aString: is given 2 times, and is no list'],
    ['inner=x', 'inner: is a message; name its fields, inner.x, or POST JSON'],
    ['byName=x', 'byName: cannot be said in a query; POST JSON'],
    ['aBool=yes', 'shop.v1.Everything.a_bool'],
    ['anInt32=many', 'shop.v1.Everything.an_int32'],
    ['__proto__=1', '__proto__: shop.v1.Everything has no field __proto__'],
  ])('refuses ?%s and names what is wrong', (query, named) => {
    expect(() => throughQuery(query)).toThrow(named);
  });
});
