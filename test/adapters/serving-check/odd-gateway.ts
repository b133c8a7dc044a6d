/** A serving process that comes up, loads anything, and then misbehaves as its argument says. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [, , behaviour = 'silent', times = '0'] = process.argv;
let answers = 0;

if (behaviour === 'never-up') process.exit(7);
const server = createServer((request, response) => {
  request.resume();
  if (!request.url?.endsWith('/predictions')) {
    response.end(JSON.stringify({ memoryBytes: 1_000_000 }));
    return;
  }
  answers += 1;
  if (answers > Number(times)) {
    if (behaviour === 'silent') return;
    if (behaviour === 'exits') process.exit(3);
    if (behaviour === 'throws') throw new Error('the scorer has lost its mind');
    if (behaviour === 'refuses') {
      response.writeHead(503).end('{"error":{"message":"not now"}}');
      return;
    }
  }
  const bundle = process.argv[4] ?? '';
  response.end(JSON.stringify({ requestId: 'r', prediction: 0.5, bundle, arm: 'stable' }));
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(JSON.stringify({ msg: 'Ready', url: `http://127.0.0.1:${port}` }));
});
