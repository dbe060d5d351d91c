// What there is to reach: a bare `node:http` server that sends ready bytes and parses the bodies it gets. With `?commit` it
// also writes a row to SQLite, durably and alone, before it answers. Started by bench.ts.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { dataFolder } from './halyard.ts';

let get = Buffer.alloc(0);
let post = Buffer.alloc(0);

const database = new DatabaseSync(join(dataFolder(), 'commits.db'));
database.exec('pragma journal_mode = wal; pragma synchronous = full');
database.exec('create table traits (identifier text, name text, value text, primary key (identifier, name))');
const upsert = database.prepare(
  'insert into traits values (?, ?, ?) on conflict (identifier, name) do update set value = excluded.value',
);

const server = createServer((request, response) => {
  if (request.method !== 'POST') {
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': get.length });
    response.end(get);
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(chunks).toString());
    if (request.url?.endsWith('?commit')) {
      const changed = body.traits.find((trait: { trait_key: string }) => trait.trait_key === 'logins');
      upsert.run(body.identifier, changed.trait_key, String(changed.trait_value));
    }
    response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': post.length });
    response.end(post);
  });
});

server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('message', (bytes: { get: string; post: string }) => {
  get = Buffer.from(bytes.get);
  post = Buffer.from(bytes.post);
  process.send?.('ready');
});
process.on('disconnect', () => process.exit());
