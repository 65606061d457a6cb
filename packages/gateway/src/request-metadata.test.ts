import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { requestMetadata } from './request-metadata.js';

function handedOn(
  headers: Record<string, string | undefined>,
  url = '/',
  peer: string | undefined = '10.0.0.1',
) {
  return requestMetadata({ headers, url, peer }).getMap();
}

describe('the metadata that is made of a request', () => {
  it.each([
    ['accept'],
    ['accept-encoding'],
    ['access-control-request-method'],
    ['connection'],
    ['content-length'],
    ['content-type'],
    ['expect'],
    ['grpc-timeout'],
    ['grpc-previous-rpc-attempts'],
    ['host'],
    ['idempotency-key'],
    ['keep-alive'],
    ['micromesh-came-late'],
    ['origin'],
    ['proxy-connection'],
    ['referer'],
    ['sec-fetch-site'],
    ['te'],
    ['trailer'],
    ['transfer-encoding'],
    ['upgrade'],
    ['x!y'],
    [':path'],
  ])('is without %s', (name) => {
    expect(Object.keys(handedOn({ [name]: '1', 'x-user': 'a' }))).toEqual([
      'x-user',
      'x-forwarded-for',
      'x-envoy-original-path',
    ]);
  });

  it('is without what is no ASCII, and what the connection keeps to itself', () => {
    const headers = { 'x-umlaut': 'ü', 'x-hop': '1', connection: 'close, X-Hop', 'x-user': 'a' };
    expect(handedOn(headers)).toMatchObject({ 'x-user': 'a' });
    expect(handedOn(headers)).not.toHaveProperty('x-umlaut');
    expect(handedOn(headers)).not.toHaveProperty('x-hop');
  });

  it('has what is binary as bytes, padded or not', () => {
    const { 'a-bin': a, 'b-bin': b, ...others } = handedOn({ 'a-bin': 'AQI', 'b-bin': 'AQI=', 'c-bin': 'A' });
    expect([a, b]).toEqual([Buffer.from([1, 2]), Buffer.from([1, 2])]);
    expect(others).not.toHaveProperty('c-bin');
    const headers = { 'd-bin': 'AQ==, Ag' };
    expect(requestMetadata({ headers, url: '/', peer: undefined }).get('d-bin')).toEqual([
      Buffer.from([1]),
      Buffer.from([2]),
    ]);
  });

  it('counts each value of a binary header as the header that it is on the wire, and takes no empty ones', () => {
    const of = (parts: number) => ({ 'x-a-bin': Array.from({ length: parts }, () => 'AQ==').join(',') });
    expect(requestMetadata({ headers: of(96), url: '/', peer: undefined }).get('x-a-bin')).toHaveLength(96);
    expect(() => handedOn(of(97))).toThrow(/97 headers/);
    expect(handedOn({ 'x-a-bin': ',,,' })).not.toHaveProperty('x-a-bin');
  });

  it.each([
    [undefined, '10.0.0.1', '10.0.0.1'],
    ['1.2.3.4', '10.0.0.1', '1.2.3.4, 10.0.0.1'],
    ['1.2.3.4, 5.6.7.8', '::ffff:10.0.0.1', '1.2.3.4, 5.6.7.8, 10.0.0.1'],
    ['ü', '::1', '::1'],
    [undefined, '', undefined],
  ])('says that what came by %s from %s came by %s', (before, peer, expected) => {
    expect(handedOn({ 'x-forwarded-for': before }, '/', peer)['x-forwarded-for']).toBe(expected);
  });

  it('says the path with its query, whatever the client says', () => {
    const url = '/a?b=\xc3\xbc c';
    expect(handedOn({ 'x-envoy-original-path': '/lie' }, url)['x-envoy-original-path']).toBe('/a?b=%C3%BC c');
  });

  it('is made of whatever Node lets through', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    const name = fc.oneof(text, fc.constantFrom('x-a', 'x-b-bin', 'connection', 'x-forwarded-for'));
    fc.assert(
      fc.property(fc.dictionary(name, text), text, (headers, url) => {
        expect(Object.keys(requestMetadata({ headers, url, peer: '1.1.1.1' }).toHttp2Headers())).toContain(
          'x-forwarded-for',
        );
      }),
    );
  });
});
