// SPDX-License-Identifier: Apache-2.0
// A gateway without batteries for work on the pages: the API from made-up packs, and the built pages (dist/) beside it.
//   node mock/server.ts [--port 8099]        or startMock() from a test
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { kSpecs } from './model.ts';
import { packObject } from './packs.ts';
import { dispatch, world } from './routes.ts';

const kDist = fileURLToPath(new URL('../dist', import.meta.url));
const kTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};
const kFirst = [': hello\n\n'];

function stream(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  kFirst.forEach((line) => response.write(line));
  const send = () => {
    for (const spec of world.firstRun ? [] : kSpecs) {
      response.write(`event: reading\ndata: ${JSON.stringify(packObject(spec, Date.now() / 1000, world.user !== null))}\n\n`);
    }
  };
  send();
  const timer = setInterval(send, Number(process.env.MOCK_PERIOD_MS ?? 1000));
  request.on('close', () => clearInterval(timer));
}

function files(path: string, request: IncomingMessage, response: ServerResponse): void {
  const wanted = join(kDist, normalize(path));
  const file = wanted.startsWith(kDist) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(kDist, 'index.html');
  const type = kTypes[extname(file)] ?? 'application/octet-stream';
  const headers: Record<string, string> = {
    'Content-Type': type,
    'Cache-Control': file.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
  headers['Content-Security-Policy'] =
    "default-src 'self'; img-src 'self' data: blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
  if (/text|javascript|svg|json/.test(type) && /gzip/.test(String(request.headers['accept-encoding']))) {
    response.writeHead(200, { ...headers, 'Content-Encoding': 'gzip' });
    response.end(gzipSync(readFileSync(file)));
    return;
  }
  response.writeHead(200, headers);
  createReadStream(file).pipe(response);
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://mock');
  if (url.pathname === '/healthz') return void response.writeHead(200).end('{"status":"ok"}');
  if (!url.pathname.startsWith('/api/v1')) return files(url.pathname, request, response);
  const path = url.pathname.slice('/api/v1'.length);
  if (path === '/stream') return stream(request, response);
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const answer = (status: number, data?: unknown, headers: Record<string, string> = {}) => {
    const text = typeof data === 'string' ? data : data === undefined ? '' : JSON.stringify(data);
    const type = status >= 400 ? 'application/problem+json' : 'application/json';
    response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', ...headers });
    response.end(status === 204 ? undefined : text);
  };
  const call = { args: [], query: url.searchParams, body: Buffer.concat(pieces).toString(), admin: world.user !== null, answer };
  if (!dispatch(request.method ?? 'GET', path, call))
    answer(404, { title: 'Not Found', detail: `The mock does not know ${path}.`, status: 404 });
}

export function startMock(port = 0): Promise<{ server: Server; url: string }> {
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500).end(JSON.stringify({ title: String(error), status: 500 }));
    });
  });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve({ server, url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : port}` });
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--port');
  const { url } = await startMock(at > 0 ? Number(process.argv[at + 1]) : 8099);
  console.log(`mock of bmsgate: ${url}`);
}
