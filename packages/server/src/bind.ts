import type { Server, ServerCredentials } from '@grpc/grpc-js';
import { type Address, ConfigError, formatAddress, messageOf, parseAddress } from '@micromesh/core';

/**
 * Makes a server listen, and gives the address with the port that it got.
 *
 * @throws ConfigError when the text is no address, or the machine refuses it: the port is in use, needs a right, is not ours.
 */
export async function bind(server: Server, listen: string, credentials: ServerCredentials): Promise<Address> {
  const address = parseAddress(listen, 'start.listen');
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(formatAddress(address), credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(cannotListen(listen, address, messageOf(error)));
    });
  });
  return address.kind === 'unix' ? address : { ...address, port };
}

function cannotListen(listen: string, address: Address, reason: string): ConfigError {
  const [problem, mend] = explain(address, reason);
  return new ConfigError('start.listen', listen, problem, mend);
}

function explain(address: Address, reason: string): [problem: string, mend: string] {
  if (reason.includes('EADDRINUSE')) {
    return address.kind === 'unix'
      ? ['is in use', 'stop the server that listens there, or remove the file that a dead one left']
      : [
          `is in use: something listens on port ${address.port} already`,
          'stop it, or listen on another port; port 0 takes a free one',
        ];
  }
  if (reason.includes('EACCES')) {
    return [
      'may not be listened on by this user (EACCES)',
      address.kind === 'unix'
        ? 'take a folder that is there and that it may write to'
        : 'take a port of at least 1024',
    ];
  }
  if (reason.includes('EADDRNOTAVAIL')) {
    return [
      'is not an address of this machine',
      'listen on one that is, or on 0.0.0.0, and set `advertise` to what clients reach',
    ];
  }
  return [`cannot be listened on: ${reason}`, 'listen on an address of this machine'];
}
