import { createServer } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { passingNodes } from './passing-nodes.js';

async function answering(status: number, body: string): Promise<string> {
  const server = createServer((_request, response) => response.writeHead(status).end(body));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

test('gives the ids of the services in an answer', async () => {
  const address = await answering(
    200,
    '[{"Service":{"ID":"hello-a"}},{"Node":{}},{"Service":{"ID":"hello-b"}}]',
  );
  expect(await passingNodes(address, 'hello')).toEqual(['hello-a', 'hello-b']);
});

test.each([
  [500, '"No cluster leader"'],
  [200, '{}'],
  [200, '<html>'],
])('rejects %i %s', async (status, body) => {
  await expect(passingNodes(await answering(status, body), 'hello')).rejects.toThrow();
});
