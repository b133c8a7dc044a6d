#!/usr/bin/env node
/**
 * The service behind the router: some versions of an order ranker, each named by the digest of its bundle. It stands for your own service.
 *
 *   node service.mjs [--port 9481]
 *
 * GET /{bundle}/healthz   200 where the version is deployed. Answer 503 while it is being deployed, and 404 where there is none.
 * GET /{bundle}/rank      An order of items, and which version made it.
 */
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({ options: { port: { type: 'string', default: '9481' } } });

const server = createServer((request, response) => {
  const [, bundle, verb] = /^\/([0-9a-f]{64})\/(healthz|rank)/.exec(request.url) ?? [];
  const answer = (status, body) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  // Every digest is a version here, except the one that tests take for absent.
  if (bundle === undefined || /^f+$/.test(bundle)) return answer(404, { error: `${request.url} is no version` });
  return verb === 'healthz' ? answer(200, { bundle }) : answer(200, { bundle, items: ['shoes', 'hats', 'coats'] });
});
server.listen(Number(options.port), '127.0.0.1', () => console.log(`service at http://127.0.0.1:${server.address().port}`));
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
