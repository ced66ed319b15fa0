// Goal: what comes in over HTTP and is not as it should be gets the right status
// and harms nobody; a log-in link logs in once; a page of another origin cannot
// use the session; the pages for machines say what they promise.
// Method: requests by hand, with fetch and over bare sockets, to a real server
// with TLS over the demo's small province.
//
//   node http.test.mjs BIN_DIR WORK_DIR
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { after, afterEach, before, describe, test } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';

import { CODES, connectFace, fetchFor } from './lib/clients.mjs';
import { metricsOf } from './lib/metrics.mjs';
import { query, watch } from './lib/protos.mjs';
import { connect, converse, frame, post } from './lib/raw.mjs';
import { openPlayed } from './lib/thond.mjs';
import { until } from './lib/wait.mjs';

const STATUS = '/thon.v1.QueryService/GetStatus';
const WATCH = '/thon.v1.WatchService/Watch';
const EMPTY = frame([]);
const TEAMS_WATCH = frame(toBinary(watch.WatchRequestSchema, create(watch.WatchRequestSchema,
  { queries: [{ queryId: 1, projection: watch.WatchedProjection.TEAMS }] })));

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
// Whatever was sent: the next one is served.
afterEach(async () => {
  const answer = await post(fetch, server, STATUS, EMPTY, { token: server.token });
  assert.equal(answer.grpc, CODES.OK);
});

const head = (lines, target = '/') => [`GET ${target} HTTP/1.1`, `host: 127.0.0.1:${server.ports.http}`, ...lines, '', ''].join('\r\n');
const statusOf = (text) => Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]);
const ofAnswer = (bytes) => fromBinary(query.ServerStatusSchema, bytes);

describe('gRPC-Web', () => {
  const call = (body, options) => post(fetch, server, STATUS, body, { token: server.token, ...options });

  test('one message in a frame is answered in frames, trailers last', async () => {
    for (const type of ['application/grpc-web', 'application/grpc-web+proto']) {
      const answer = await call(EMPTY, { type });
      assert.equal(answer.http, 200);
      assert.equal(answer.grpc, CODES.OK);
      assert.equal(answer.messages.length, 1);
      assert.equal(ofAnswer(answer.messages[0]).origin, 'thon.yenbai.example/1');
      assert.match(answer.headers.get('content-type'), /^application\/grpc-web\+proto$/);
    }
  });

  test('text mode is the same in base64', async () => {
    for (const type of ['application/grpc-web-text', 'application/grpc-web-text+proto']) {
      const answer = await call(EMPTY.toString('base64'), { type });
      assert.equal(answer.grpc, CODES.OK);
      assert.match(answer.headers.get('content-type'), /^application\/grpc-web-text/);
      assert.equal(ofAnswer(answer.messages[0]).origin, 'thon.yenbai.example/1');
    }
    // Padded pieces, one after the other, as a client that streams would send.
    const pieces = `${EMPTY.subarray(0, 2).toString('base64')}${EMPTY.subarray(2).toString('base64')}`;
    assert.equal((await call(pieces, { type: 'application/grpc-web-text' })).grpc, CODES.OK);
  });

  const malformed = [
    ['no frame at all', () => [Buffer.alloc(0)], [CODES.UNIMPLEMENTED, CODES.INTERNAL]],
    ['half a frame head', () => [EMPTY.subarray(0, 3)], [CODES.INTERNAL]],
    ['a frame that says more than there is', () => [frame([1, 2], { size: 100 })], [CODES.INTERNAL]],
    ['a frame that says 4 GiB', () => [frame([1, 2], { size: 0xffffffff })], [CODES.INTERNAL, CODES.RESOURCE_EXHAUSTED]],
    ['bytes behind the frame', () => [Buffer.concat([EMPTY, Buffer.from('x')])], [CODES.INTERNAL]],
    ['two messages', () => [Buffer.concat([EMPTY, EMPTY])], [CODES.UNIMPLEMENTED, CODES.INTERNAL]],
    ['a compressed message', () => [frame(gzipSync(Buffer.alloc(0)), { flags: 1 })], [CODES.UNIMPLEMENTED, CODES.INTERNAL]],
    ['flags that mean nothing', () => [frame([], { flags: 0x42 })], [CODES.INTERNAL]],
    ['a trailers frame from a client', () => [frame(Buffer.from('a:b\r\n'), { flags: 0x80 })], [CODES.INTERNAL, CODES.UNIMPLEMENTED]],
    // gRPC's own C++ library says UNIMPLEMENTED of what it cannot parse.
    ['bytes that are no message', () => [frame([0xff, 0xff, 0xff, 0xff, 0xff])], [CODES.UNIMPLEMENTED, CODES.INTERNAL]],
    ['text that is not base64', () => ['*** not base64 ***', 'application/grpc-web-text'], [CODES.INTERNAL]],
  ];
  for (const [what, make, codes] of malformed) {
    test(`${what} gets a gRPC status`, async () => {
      const [body, type] = make();
      const answer = await call(body, type === undefined ? {} : { type });
      assert.equal(answer.http, 200);
      assert.ok(codes.includes(answer.grpc), `grpc-status ${answer.grpc}: ${answer.trailers?.['grpc-message']}`);
    });
  }

  test('what is not gRPC-Web is told so by HTTP', async () => {
    assert.equal((await fetch(server.url + STATUS, { headers: { 'content-type': 'application/grpc-web' } })).status, 405);
    assert.ok([404, 405].includes((await fetch(server.url + STATUS)).status));
    assert.equal((await fetch(server.url + STATUS, { method: 'PUT', body: EMPTY, headers: { 'content-type': 'application/grpc-web' } })).status, 405);
    for (const type of ['application/json', 'application/grpc', 'application/grpc-web+json', 'text/plain']) {
      const answer = await call(EMPTY, { type });
      assert.equal(answer.http, 415, type);
    }
  });

  test('an unknown method is UNIMPLEMENTED, and no service is known by name', async () => {
    for (const path of ['/thon.v1.QueryService/NoSuch', '/no.such.Service/Method', '/thon.v1.SyncService/NoSuch']) {
      const answer = await post(fetch, server, path, EMPTY, { token: server.token });
      assert.equal(answer.grpc, CODES.UNIMPLEMENTED, path);
    }
    assert.equal((await post(fetch, server, '/thon.v1.AdminService/GetDiskReserve', EMPTY, { token: server.token })).http, 200);
  });

  test('a message beyond the limit is RESOURCE_EXHAUSTED or 413, not a broken connection', async () => {
    const tooLarge = frame(Buffer.alloc(4 * 1024 * 1024 + 1));
    const answer = await call(tooLarge);
    assert.ok(answer.grpc === CODES.RESOURCE_EXHAUSTED || answer.http === 413, `${answer.http} ${answer.grpc}`);
    const huge = await fetch(server.url + STATUS, { method: 'POST', body: Buffer.alloc(8 * 1024 * 1024),
      headers: { 'content-type': 'application/grpc-web' } });
    assert.equal(huge.status, 413);
  });

  test('headers that metadata cannot carry are refused', async () => {
    for (const bytes of ['x-note: a\x80b', 'x-blob-bin: not*base64!', 'x-note: tab\x01']) {
      const heard = await converse(server, Buffer.concat([
        Buffer.from(`POST ${STATUS} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/grpc-web\r\n` +
          `authorization: Bearer ${server.token}\r\ncontent-length: ${EMPTY.length}\r\n`, 'latin1'),
        Buffer.from(`${bytes}\r\n\r\n`, 'latin1'), EMPTY]));
      assert.ok(statusOf(heard) === 400 || /grpc-status: ?(3|13)\b/.test(heard) || /grpc-status: ?0\b/.test(heard),
        `${JSON.stringify(bytes)}: ${heard.slice(0, 300)}`);
    }
  });

  test('grpc-timeout is obeyed by the server, whatever its unit, and refused when it is none', async () => {
    for (const timeout of ['1S', '900m', '800000u', '900000000n']) {
      if (timeout.length > 9) continue;
      const started = Date.now();
      const answer = await post(fetch, server, WATCH, TEAMS_WATCH, { token: server.token, headers: { 'grpc-timeout': timeout } });
      assert.equal(answer.grpc, CODES.DEADLINE_EXCEEDED, timeout);
      assert.ok(Date.now() - started >= 700, `${timeout} took ${Date.now() - started} ms`);
      assert.ok(answer.messages.length > 0, 'it was told nothing before the deadline');
    }
    for (const timeout of ['soon', '1', '1x', '-1S', '123456789S', '']) {
      const answer = await call(EMPTY, { headers: { 'grpc-timeout': timeout } });
      assert.ok([CODES.INVALID_ARGUMENT, CODES.INTERNAL].includes(answer.grpc) || (timeout === '' && answer.grpc === CODES.OK),
        `"${timeout}": ${answer.grpc}`);
    }
  });

  test('a deadline that has passed is exceeded at once', async () => {
    const started = Date.now();
    const answer = await post(fetch, server, WATCH, TEAMS_WATCH, { token: server.token, headers: { 'grpc-timeout': '1n' } });
    assert.equal(answer.grpc, CODES.DEADLINE_EXCEEDED);
    assert.ok(Date.now() - started < 5_000);
  });
});

describe('HTTP', () => {
  test('a head beyond the limits is 431, a target 414', async () => {
    assert.equal(statusOf(await converse(server, head([`x-long: ${'a'.repeat(20_000)}`]))), 431);
    assert.equal(statusOf(await converse(server, head(Array.from({ length: 3000 }, (_, i) => `x-${i}: 1`)))), 431);
    assert.equal(statusOf(await converse(server, head([], `/${'a'.repeat(4000)}`))), 414);
  });

  test('what two readers could understand differently is refused', async () => {
    const host = 'host: 127.0.0.1\r\n';
    const requests = [
      `POST ${STATUS} HTTP/1.1\r\n${host}content-length: 5\r\ncontent-length: 6\r\n\r\n12345`,
      `POST ${STATUS} HTTP/1.1\r\n${host}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
      `GET / HTTP/1.1\r\n${host}x-folded: a\r\n b\r\n\r\n`,
      `GET /%00 HTTP/1.1\r\n${host}\r\n`,
      `GET /../../etc/passwd HTTP/1.1\r\n${host}\r\n`,
      `GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n${host}\r\n`,
      `GET /..%2f..%2fetc/passwd HTTP/1.1\r\n${host}\r\n`,
      'not http at all\r\n\r\n',
      `GET / HTTP/9.9\r\n${host}\r\n`,
    ];
    for (const request of requests) {
      const heard = await converse(server, request.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'));
      assert.ok(statusOf(heard) >= 400 && statusOf(heard) <= 505, `${JSON.stringify(request)}: ${heard.slice(0, 200)}`);
      assert.doesNotMatch(heard, /root:/);
    }
  });

  test('a slow head is cut off with 408, and counted; others are served meanwhile', async () => {
    const socket = await connect(server);
    const started = Date.now();
    socket.write('GET / HTTP/1.1\r\n');
    const drip = setInterval(() => { if (socket.writable) socket.write('x-a: b\r\n'); }, 500);
    await until('others are served', async () => (await post(fetch, server, STATUS, EMPTY, { token: server.token })).grpc === CODES.OK);
    await until('it is answered', () => statusOf(socket.heard) === 408);
    assert.ok(Date.now() - started >= 9_000, 'it was not given its time');
    assert.ok(Date.now() - started < 30_000, 'it was given too long');
    clearInterval(drip);
    await socket.over;
  });

  test('requests that are sent at once are answered in their order', async () => {
    const heard = await converse(server, head([], '/healthz') + head([], '/no-such') + head(['connection: close'], '/healthz'), { untilClosed: true });
    assert.deepEqual([...heard.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((match) => match[1]), ['200', '404', '200']);
  });

  test('every answer keeps a page safe', async () => {
    for (const path of ['/', '/no-such', '/healthz', '/app.js', '/login/nothing', STATUS]) {
      const answer = await fetch(server.url + path, { redirect: 'manual' });
      await answer.arrayBuffer();
      const csp = answer.headers.get('content-security-policy') ?? '';
      assert.match(csp, /default-src 'none'/, path);
      assert.match(csp, /frame-ancestors 'none'/, path);
      assert.doesNotMatch(csp, /unsafe/, path);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff', path);
      assert.match(answer.headers.get('strict-transport-security') ?? '', /max-age=\d+/, path);
      assert.equal(answer.headers.get('access-control-allow-origin'), null, path);
    }
  });

  test('the page is served with a tag, and not again while it is the same', async () => {
    const first = await fetch(`${server.url}/app.js`);
    assert.equal(first.status, 200);
    assert.match(first.headers.get('content-type'), /^text\/javascript/);
    const body = await first.text();
    const tag = first.headers.get('etag');
    assert.ok(tag);
    const second = await fetch(`${server.url}/app.js`, { headers: { 'if-none-match': tag } });
    assert.equal(second.status, 304);
    assert.equal(await second.text(), '');
    const headed = await fetch(`${server.url}/app.js`, { method: 'HEAD' });
    assert.equal(headed.status, 200);
    assert.equal(await headed.text(), '');
    assert.ok(body.length > 1000);
    const page = await fetch(server.url);
    assert.match(page.headers.get('content-type'), /^text\/html; ?charset=utf-8/i);
    const html = await page.text();
    assert.doesNotMatch(html, /<script(?![^>]*\bsrc=)/, 'inline script');
    assert.doesNotMatch(html, /\sstyle=|<style/, 'inline style');
  });
});

test('all of the page is less than 200 KiB gzipped', async () => {
  let bytes = 0;
  for (const path of ['/', '/app.js', '/app.css', '/worker.js', '/favicon.svg']) {
    const answer = await fetch(server.url + path, { headers: { 'accept-encoding': 'identity' } });
    assert.equal(answer.status, 200, path);
    bytes += gzipSync(Buffer.from(await answer.arrayBuffer()), { level: 9 }).length;
  }
  process.stdout.write(`# the page: ${bytes} bytes gzipped\n`);
  assert.ok(bytes < 200 * 1024, `${bytes} bytes`);
});

describe('the pages for machines', () => {
  test('it says that it lives and that it is ready', async () => {
    for (const path of ['/healthz', '/readyz']) {
      const answer = await fetch(server.url + path);
      assert.equal(answer.status, 200, path);
      await answer.text();
    }
  });

  test('/metrics is Prometheus text with what was promised', async () => {
    const metrics = await metricsOf(server, fetch);
    const names = [...metrics.kinds.keys()];
    for (const part of [/fsync/, /commit.*group|group.*size/, /lag.*positions|positions.*lag/, /lag.*seconds|seconds.*lag/, /fold/,
      /watchers/, /keys_owed|owed/, /phones|heard/, /refus/, /reserve|disk/, /clock|synchron/, /ingest|events/]) {
      assert.ok(names.some((name) => part.test(name)), `no metric like ${part}: ${names.join(' ')}`);
    }
    for (const name of names) assert.match(name, /^thon_|^process_|^exposer_/, name);
  });

  test('what was refused above has been counted', async () => {
    const { values } = await metricsOf(server, fetch);
    const refused = (reason) => [...values].filter(([name]) => name.includes(`"${reason}"`)).reduce((sum, [, value]) => sum + value, 0);
    for (const reason of ['head_too_large', 'target_too_long', 'malformed', 'body_too_large', 'head_timeout']) {
      assert.ok(refused(reason) > 0, `${reason}: ${[...values.keys()].filter((name) => name.includes('refus')).join(' ')}`);
    }
  });
});

describe('a log-in', () => {
  const cookieOf = (answer) => {
    const cookies = answer.headers.getSetCookie();
    assert.equal(cookies.length, 1, JSON.stringify(cookies));
    return cookies[0];
  };
  const same = () => ({ origin: server.url, 'sec-fetch-site': 'same-origin' });
  const withCookie = (cookie, headers = same(), path = STATUS) =>
    post(fetch, server, path, EMPTY, { headers: { cookie: cookie.split(';')[0], ...headers } });

  async function logIn(officer) {
    const link = await server.loginLink(officer);
    const answer = await fetch(link, { method: 'POST', redirect: 'manual', headers: same() });
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.get('location'), '/');
    return { link, cookie: cookieOf(answer) };
  }

  test('a link that is only looked at stays good, and works once', async () => {
    const link = await server.loginLink();
    assert.match(link, new RegExp(`^https://[^/]+:${server.ports.http}/login/[\\w-]{43,}$`));
    for (let i = 0; i < 3; i += 1) {
      const looked = await fetch(link);
      assert.equal(looked.status, 200);
      assert.equal(looked.headers.getSetCookie().length, 0);
      assert.match(looked.headers.get('cache-control') ?? '', /no-store/);
      const page = await looked.text();
      assert.match(page, /<form[^>]*method="post"/i);
      assert.match(page, /lang="vi"/);
    }
    await fetch(link, { method: 'HEAD' });
    const answer = await fetch(link, { method: 'POST', redirect: 'manual', headers: same() });
    assert.equal(answer.status, 303);
    const cookie = cookieOf(answer);
    assert.match(cookie, /^__Host-thon_session=[\w-]{40,};/);
    for (const attribute of [/; ?HttpOnly/i, /; ?Secure/i, /; ?SameSite=Strict/i, /; ?Path=\/(;|$)/i]) assert.match(cookie, attribute);
    assert.doesNotMatch(cookie, /Domain=/i);
    assert.equal((await withCookie(cookie)).grpc, CODES.OK);
    const again = await fetch(link, { method: 'POST', redirect: 'manual', headers: same() });
    assert.ok(again.status >= 400 && again.status < 500, `${again.status}`);
    assert.equal(again.headers.getSetCookie().length, 0);
    const unknown = await fetch(link.slice(0, -4) + 'AAAA', { method: 'POST', redirect: 'manual', headers: same() });
    assert.equal(unknown.headers.getSetCookie().length, 0);
    assert.ok(unknown.status >= 400 && unknown.status < 500, `${unknown.status}`);
  });

  test('the session cannot be used from another origin', async () => {
    const { cookie } = await logIn();
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: server.url.replace('https', 'http') },
      { origin: `https://127.0.0.1:${server.ports.http + 1}` },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: server.url, 'sec-fetch-site': 'cross-site' },
    ]) {
      const answer = await withCookie(cookie, headers);
      assert.ok([CODES.PERMISSION_DENIED, CODES.UNAUTHENTICATED].includes(answer.grpc) || answer.http === 403,
        `${JSON.stringify(headers)}: ${answer.http} ${answer.grpc}`);
    }
    const preflight = await fetch(server.url + STATUS, { method: 'OPTIONS', headers: {
      origin: 'https://evil.example', 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' } });
    assert.equal(preflight.headers.get('access-control-allow-origin'), null);
    const out = await fetch(`${server.url}/logout`, { method: 'POST', redirect: 'manual',
      headers: { cookie: cookie.split(';')[0], origin: 'https://evil.example' } });
    assert.ok(out.status >= 400, `log-out from another origin: ${out.status}`);
    assert.equal((await withCookie(cookie)).grpc, CODES.OK);
  });

  test('a log-in cannot be forced on somebody from another origin', async () => {
    const link = await server.loginLink();
    const answer = await fetch(link, { method: 'POST', redirect: 'manual',
      headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' } });
    assert.ok(answer.status >= 400, `${answer.status}`);
    assert.equal(answer.headers.getSetCookie().length, 0);
  });

  test('log-out ends exactly this session', async () => {
    const one = await logIn();
    const two = await logIn();
    const out = await fetch(`${server.url}/logout`, { method: 'POST', redirect: 'manual',
      headers: { cookie: one.cookie.split(';')[0], ...same() } });
    assert.ok(out.status < 400, `${out.status}`);
    assert.match(out.headers.getSetCookie().join(), /thon_session=;|Max-Age=0|Expires=Thu, 01 Jan 1970/i);
    assert.equal((await withCookie(one.cookie)).grpc, CODES.UNAUTHENTICATED);
    assert.equal((await withCookie(two.cookie)).grpc, CODES.OK);
    const got = await fetch(`${server.url}/logout`, { redirect: 'manual', headers: { cookie: two.cookie.split(';')[0] } });
    await got.text();
    assert.equal((await withCookie(two.cookie)).grpc, CODES.OK, 'a mere GET must not log out');
  });

  test('a session outlives a restart, and no secret is in the logs', async () => {
    const { link, cookie } = await logIn();
    const end = await server.stop();
    assert.deepEqual(end, { code: 0, signal: null });
    await server.start();
    assert.equal((await withCookie(cookie)).grpc, CODES.OK);
    const log = server.log.join('\n');
    assert.ok(!log.includes(link.split('/').pop()), 'the code is in the log');
    assert.ok(!log.includes(cookie.split(';')[0].split('=')[1]), 'the session is in the log');
    assert.ok(!log.includes(server.token), 'the token is in the log');
  });

  test('a session is its officer, with that officer\'s grants', async () => {
    const units = (await server.thon('units', 'list')).units.filter((unit) => unit.level === 'DISTRICT');
    await server.officer(77, 'reader', units[0].names[0].code);
    const { cookie } = await logIn(77);
    assert.equal((await withCookie(cookie)).grpc, CODES.OK);
    assert.equal((await withCookie(cookie, same(), '/thon.v1.QueryService/ListTeams')).grpc, CODES.PERMISSION_DENIED);
    // A caller's own authorization counts, not the cookie.
    const mixed = await post(fetch, server, '/thon.v1.QueryService/ListTeams', EMPTY,
      { token: server.token, headers: { cookie: cookie.split(';')[0], ...same() } });
    assert.equal(mixed.grpc, CODES.OK);
    await server.thon('admin', 'token', 'revoke', '--officer', 77);
    assert.equal((await withCookie(cookie)).grpc, CODES.UNAUTHENTICATED);
  });

  test('an officer who is nobody cannot make links for others', async () => {
    const token = await server.officer(78, 'reader');
    const { admin } = await import('./lib/protos.mjs');
    const face = connectFace(server, token);
    await assert.rejects(face.unary(admin.AdminService.method.createLoginLink, { officerId: 1n }),
      (failure) => failure.code === CODES.PERMISSION_DENIED);
    const { message } = await face.unary(admin.AdminService.method.createLoginLink, {});
    assert.match(message.url, /\/login\//);
    await face.close();
  });
});
