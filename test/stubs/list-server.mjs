// A plain grpc-js server in a process of its own, so that what a test measures is its client's memory alone.
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition, Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const loaded = loadPackageDefinition(loadSync(fileURLToPath(new URL('./probe.proto', import.meta.url))));
const server = new Server();
let received = 0;
server.addService(loaded.probe.v1.Probe.service, {
  Unary: (_call, done) => done(null, { count: received }),
  Collect: (call, done) => {
    // Reads only as fast as `size` says: messages for each turn of 5 ms.
    const ignoring = call.metadata.get('do')[0] === 'ignore';
    if (ignoring) return;
    let count = 0;
    call.on('data', () => {
      received++;
      count++;
    });
    call.on('end', () => done(null, { count }));
  },
  List: (call) => {
    const { count, size } = call.request;
    const payload = Buffer.alloc(size, 1);
    let index = 0;
    const more = () => {
      while (index < count) {
        if (!call.write({ text: '', count: index++, payload })) {
          call.once('drain', more);
          return;
        }
      }
      call.end();
    };
    more();
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.send?.({ address: `127.0.0.1:${port}` });
});
process.on('disconnect', () => process.exit(0));
