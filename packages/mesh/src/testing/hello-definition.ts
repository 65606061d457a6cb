/** A request of the tests' service. */
export interface Ask {
  readonly name: string;
}

/** Its reply. */
export interface Answer {
  readonly msg: string;
}

function method<S extends boolean, R extends boolean>(name: string, requestStream: S, responseStream: R) {
  return {
    path: `/hello.v1.Hello/${name}`,
    requestStream,
    responseStream,
    requestSerialize: (value: Ask): Buffer => Buffer.from(value.name),
    requestDeserialize: (bytes: Buffer): Ask => {
      if (bytes.toString() === 'unreadable') throw new Error('not in this tongue');
      return { name: bytes.toString() };
    },
    responseSerialize: (value: Answer): Buffer => Buffer.from(`${value.msg}`),
    responseDeserialize: (bytes: Buffer): Answer => ({ msg: bytes.toString() }),
  };
}

/** For tests: a service with one method of each kind, whose messages are their text. */
export const HelloService = {
  anything: method('Anything', false, false),
  collect: method('Collect', true, false),
  list: method('List', false, true),
  chat: method('Chat', true, true),
} as const;
