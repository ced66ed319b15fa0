// Goal: streams that are opened and dropped leave nothing behind, and a reader
// that does not read costs a bounded amount and holds nobody up.
// Method: stock clients and bare sockets by the hundreds against one real server
// with TLS; its own /metrics, its open files and its memory are looked at from
// outside.
//
//   node streams.test.mjs BIN_DIR WORK_DIR
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { create, toBinary } from '@bufbuild/protobuf';

import { CODES, connectFace, fetchFor, grpcWebFace } from './lib/clients.mjs';
import { Watcher } from './lib/fold.mjs';
import { metricsOf, total } from './lib/metrics.mjs';
import { watch } from './lib/protos.mjs';
import { connect, frame } from './lib/raw.mjs';
import { assignTask, dashboardWatch, eventsWatch, largeWatch, teamsWatch } from './lib/requests.mjs';
import { openPlayed } from './lib/thond.mjs';
import { until } from './lib/wait.mjs';

const STREAMS = 1000;
const AT_ONCE = 50;
const MIB = 1 << 20;
const SLEEPERS = 20;
const CHANGES = 10;
// More than the head of an answer.
const FIRST_PAGE = 4096;

let played;
let server;
let fetch;

before(async () => {
  played = await openPlayed();
  server = played.server;
  fetch = fetchFor(server);
});
after(async () => {
  fetch?.close();
  await played?.close();
});

const about = async (name) => total(await metricsOf(server, fetch), name);
const watchers = () => about('thon_watchers');

// The server has counted who left, so that there is room for so many more: one
// address may have a bounded number of connections.
const room = () => until('most connections have ended', async () => await about('thon_http_connections') < 64);

// Opens a watch and drops it, sometimes before the first word.
async function openAndDrop(face, i) {
  const watcher = new Watcher(face, i % 2 === 0 ? teamsWatch() : eventsWatch());
  if (i % 3 !== 0) await watcher.until(() => true);
  await watcher.stop();
}

// A call that asks for far more than a connection holds, and whose reader stops
// at the first page.
async function openSleeper() {
  const body = frame(toBinary(watch.WatchRequestSchema, create(watch.WatchRequestSchema, largeWatch())));
  const socket = await connect(server);
  socket.write(Buffer.concat([Buffer.from('POST /thon.v1.WatchService/Watch HTTP/1.1\r\nhost: 127.0.0.1\r\n' +
    `content-type: application/grpc-web+proto\r\nauthorization: Bearer ${server.token}\r\ncontent-length: ${body.length}\r\n\r\n`), body]));
  await new Promise((resolve) => {
    socket.on('data', () => {
      if (socket.heard.length < FIRST_PAGE) return;
      socket.pause();
      resolve();
    });
  });
  return socket;
}

test('1,000 streams that are opened and dropped leave nothing behind', async () => {
  const faces = [connectFace(server, server.token), grpcWebFace(server, server.token, 'text')];
  const round = async (count) => {
    for (let i = 0; i < count; i += AT_ONCE) {
      await room();
      await Promise.all(Array.from({ length: AT_ONCE }, (_, k) => openAndDrop(faces[(i + k) % 2], i + k)));
    }
    await until('no watcher is left', async () => await watchers() === 0);
  };
  // What a first use costs is no leak: buffers, arenas, feeds.
  await round(200);
  await until('only idle connections are left', () => server.openFiles() < 200);
  const files = server.openFiles();
  const bytes = server.privateBytes();
  await round(STREAMS);
  await faces[0].close();
  await until('the files are closed', () => server.openFiles() <= files + 8);
  const grown = server.privateBytes() - bytes;
  assert.ok(grown < 48 * MIB, `${STREAMS} streams left ${(grown / MIB).toFixed(1)} MiB`);
});

test('sockets that break off in mid-frame, in mid-head and in mid-stream leave nothing behind', async () => {
  const body = frame(toBinary(watch.WatchRequestSchema, create(watch.WatchRequestSchema, dashboardWatch())));
  const request = Buffer.concat([Buffer.from('POST /thon.v1.WatchService/Watch HTTP/1.1\r\nhost: 127.0.0.1\r\n' +
    `content-type: application/grpc-web+proto\r\nauthorization: Bearer ${server.token}\r\ncontent-length: ${body.length}\r\n\r\n`), body]);
  const files = server.openFiles();
  for (const cut of [1, 20, 100, request.length - body.length, request.length - 1, request.length]) {
    await Promise.all(Array.from({ length: 10 }, async () => {
      const socket = await connect(server);
      socket.write(request.subarray(0, cut));
      if (cut === request.length) await until('it hears something', () => socket.heard.length > 0);
      socket.destroy();
      await socket.over;
    }));
  }
  await until('no watcher is left', async () => await watchers() === 0);
  await until('the files are closed', () => server.openFiles() <= files + 8);
});

test('who does not read is owed a bounded amount, holds nobody up, and is let go', async () => {
  const letGo = () => about('thon_http_refusals_total{reason="write_timeout"}');
  const gone = await letGo();
  const bytes = server.privateBytes();
  const sleepers = await Promise.all(Array.from({ length: SLEEPERS }, () => openSleeper()));
  const live = new Watcher(connectFace(server, server.token), dashboardWatch());
  await live.until(() => true);
  for (let changes = 1; changes <= CHANGES; changes += 1) {
    await live.reached(await assignTask(server, changes));
    // They stand still from their first page on: nothing that happens since is
    // forgotten. On a slow machine the server may have let go of them by now.
    await until('what the sleepers have not heard is kept for them',
      async () => await about('thon_watch_keys_owed') >= changes || await letGo() > gone);
  }
  // Keys, once for all who ask the same: not messages, for each of them.
  const owed = await about('thon_watch_keys_owed');
  assert.ok(owed < SLEEPERS * CHANGES / 2, `${owed} keys are kept for ${SLEEPERS} sleepers and ${CHANGES} changes`);
  const grown = server.privateBytes() - bytes;
  assert.ok(grown < 64 * MIB, `${SLEEPERS} sleepers cost ${(grown / MIB).toFixed(1)} MiB`);

  await until('the server lets go of all that do not read', async () => await letGo() === gone + SLEEPERS);
  await until('their watches have ended', async () => await watchers() === 1);
  await live.reached(await assignTask(server, 1));
  await until('nothing is kept for them', async () => await about('thon_watch_keys_owed') < CHANGES);
  assert.equal((await live.stop()).code, CODES.CANCELLED);
  for (const socket of sleepers) socket.destroy();
  await until('no watcher is left', async () => await watchers() === 0);
});

test('an officer with too many watches is told when to come back, and others are not', async () => {
  const token = await server.officer(90, 'reader');
  await room();
  const face = connectFace(server, token);
  const open = [];
  let refused;
  // One connection each, and a server has a bound on those of one address too.
  for (let i = 0; i < 10 && refused === undefined; i += 1) {
    await Promise.all(Array.from({ length: 32 }, async () => {
      const watcher = new Watcher(face, eventsWatch());
      await watcher.until(() => true).then(() => open.push(watcher), (failure) => { refused = failure; });
    }));
  }
  assert.notEqual(refused, undefined, 'no bound was met');
  if (refused.code === CODES.RESOURCE_EXHAUSTED) assert.ok(refused.retryMs > 0, `no RetryInfo: ${refused}`);
  else assert.equal(refused.code, CODES.UNAVAILABLE, String(refused));
  await Promise.all(open.map((watcher) => watcher.stop()));
  await room();
  const other = new Watcher(connectFace(server, server.token), eventsWatch());
  await other.until(() => true);
  await other.stop();
  await face.close();
});
