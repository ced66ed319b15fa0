// Goal: the page never shows old or wrong figures as if they were live. A server
// that dies, falls silent, loses its listener or sends a spoilt row is told in
// red, and the page comes back by itself, its digest right. Ten tabs share one
// stream. A session that ends, ends.
// Method: Chromium over a real server through a proxy that lies when told to.
// The request that the page sends is sent once more by a stock client in Node:
// its fold is another program's, and must come to the same digest.
//
//   node faults.test.mjs BIN_DIR WORK_DIR
import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { CorruptingProxy } from './corrupting_proxy.mjs';
import { Browser, by, logIn, untilState } from './lib/browser.mjs';
import { connectFace } from './lib/clients.mjs';
import { digestOf, openAs, positionOf, stateOf, untilPosition } from './lib/dashboard.mjs';
import { Watcher } from './lib/fold.mjs';
import { assignTask } from './lib/requests.mjs';
import { openPlayed } from './lib/thond.mjs';
import { pause, until } from './lib/wait.mjs';

const WATCH = '/thon.v1.WatchService/Watch';
const OFFICER = 60;

let played;
let server;
let proxy;
let browser;
let page;

// What a test provokes, a browser says: a request that was cut off.
const CUT_OFF = [/Failed to load resource/, /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|ERR_NETWORK/];

before(async () => {
  played = await openPlayed({ tls: false });
  server = played.server;
  await server.officer(OFFICER, 'officer', '15');
});
after(async () => {
  await played?.close();
});
beforeEach(async () => {
  if (server.process === undefined) await server.start(); // A test failed that had stopped it.
  proxy = await CorruptingProxy.start(server);
  browser = await Browser.start();
  browser.allowed = CUT_OFF;
  page = await logIn(browser, server, { officer: OFFICER, base: proxy.url });
  await untilState(page, 'live');
});
afterEach(async () => {
  const complaints = browser.complaints;
  await browser.close();
  await proxy.stop();
  assert.deepEqual(complaints, [], 'the pages complained');
});

// The digest that another program comes to, at a position, for what the page asks.
async function digestElsewhere(position) {
  const request = proxy.lastRequest();
  const face = connectFace(server, server.token);
  const watcher = new Watcher(face, { queries: request.queries, asOf: { moment: { case: 'position', value: position } } });
  await watcher.finished;
  await face.close();
  assert.equal(watcher.failure, undefined);
  const hash = createHash('sha256');
  for (const { queryId } of request.queries) hash.update(Buffer.from(watcher.fold.digests.get(queryId), 'hex'));
  return hash.digest('hex');
}

// The page is live, where the server is, and its digest is what it must be.
async function expectRight() {
  const position = await assignTask(server, 1 + Math.floor(Math.random() * 30));
  await untilPosition(page, position);
  const shown = await positionOf(page);
  assert.equal(await stateOf(page), 'live');
  assert.equal(await digestOf(page), await digestElsewhere(shown));
}

// Red, as a person sees it: the bar's own colour has much red and little else.
async function isRed(tab = page) {
  const colours = await tab.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const seen = [];
    for (const selector of ['[data-test="state-banner"]', '[data-test="trust-bar"]', '[data-test="trust-state"]']) {
      for (const element of document.querySelectorAll(selector)) {
        const style = getComputedStyle(element);
        for (const colour of [style.backgroundColor, style.color, style.borderTopColor]) {
          canvas.clearRect(0, 0, 1, 1);
          canvas.fillStyle = colour;
          canvas.fillRect(0, 0, 1, 1);
          seen.push([...canvas.getImageData(0, 0, 1, 1).data]);
        }
      }
    }
    return seen;
  });
  return colours.some(([red, green, blue, alpha]) => alpha > 200 && red > 120 && red > green + 60 && red > blue + 60);
}

describe('trust in what is shown', () => {
  test('live is not red, and another program comes to the same digest', async () => {
    await expectRight();
    assert.equal(await isRed(), false);
    assert.equal(await by(page, 'state-banner').count(), 0);
  });

  test('a server that is killed is told in red, and comes back under the open page', async () => {
    await expectRight();
    const watches = proxy.count(WATCH);
    await server.kill();
    await untilState(page, 'connecting', 'stale');
    await until('it is told in words', async () => /Mất kết nối/.test(await by(page, 'trust-bar').innerText()));
    await untilState(page, 'stale');
    await until('it is red', () => isRed());
    assert.ok(proxy.count(WATCH) - watches < 40, `${proxy.count(WATCH) - watches} tries`);
    await server.start();
    await untilState(page, 'live');
    await expectRight();
    assert.equal(await isRed(), false);
    // It went on where it was.
    assert.ok(proxy.lastRequest().resumeToken.length > 0, 'it began anew');
  });

  test('a broken stream is resumed with its token, without a gap', async () => {
    await expectRight();
    proxy.cut();
    await expectRight();
    assert.ok(proxy.lastRequest().resumeToken.length > 0);
  });

  test('a row with one bit turned makes the page red, and it recovers', async () => {
    await expectRight();
    const watches = proxy.count(WATCH);
    proxy.corruptions = 1;
    const red = until('the page is corrupt and red', async () => await stateOf(page) === 'corrupt' && await isRed());
    await server.thon('task', 'assign', 9001, '--team', 2, '--due', '2024-03-01');
    await recordSomethingShown();
    await red;
    assert.equal(proxy.spoilt, 1);
    await untilState(page, 'live');
    assert.ok(proxy.count(WATCH) > watches);
    assert.equal(proxy.lastRequest().resumeToken.length, 0, 'what is wrong must not be resumed');
    await expectRight();
  });

  test('a spoilt snapshot is never shown as right, however often it comes', async () => {
    const mine = await Browser.start();
    mine.allowed = CUT_OFF;
    try {
      proxy.corruptions = Infinity;
      const tab = await logIn(mine, server, { officer: OFFICER, base: proxy.url });
      const seen = new Set();
      await until('it is corrupt and red', async () => {
        seen.add(await stateOf(tab));
        return await stateOf(tab) === 'corrupt' && await isRed(tab);
      });
      const before = proxy.count(WATCH);
      await pause(3000); // Long enough for a page that hammers to be seen doing it.
      assert.ok(proxy.count(WATCH) - before < 15, `${proxy.count(WATCH) - before} tries in three seconds`);
      seen.add(await stateOf(tab));
      assert.ok(!seen.has('live'), [...seen].join());
      assert.equal(await by(tab, 'overview-figure-teams').count(), 0, 'figures are shown of what is known to be wrong');
      proxy.corruptions = 0;
      await untilState(tab, 'live');
      assert.equal(await isRed(tab), false);
      assert.deepEqual(mine.complaints, []);
    } finally {
      await mine.close();
    }
  });

  test('a stream that falls silent is stale after 30 s, in red, and is taken up again', async () => {
    await expectRight();
    proxy.silent = true;
    await untilState(page, 'stale');
    await until('it is red', () => isRed());
    assert.equal(await by(page, 'state-banner').isVisible(), true);
    proxy.silent = false;
    await untilState(page, 'live');
    await expectRight();
  });

  test('a browser without a network says so, and is live again when it has one', async () => {
    await expectRight();
    proxy.refusing = true;
    proxy.cut();
    await untilState(page, 'connecting', 'stale');
    await until('it is told in words', async () => /Mất kết nối/.test(await by(page, 'trust-bar').innerText()));
    proxy.refusing = false;
    await untilState(page, 'live');
    await expectRight();
  });
});

// An event that every area's table shows: a member joins a team, a team is suspended.
let member = 900_000;
async function recordSomethingShown() {
  member += 1;
  const file = join(played.folder, `members${member}.csv`);
  writeFileSync(file, `team_id,id,seat,joined\n1,${member},MEMBER,2024-01-05\n`);
  await server.thon('member', 'import', file, '--apply');
}

describe('tabs and sessions', () => {
  test('ten tabs side by side are live over one stream, and calls still get through', async () => {
    const tabs = [page];
    while (tabs.length < 10) tabs.push(await browser.tab(`${proxy.url}/#/overview`));
    for (const tab of tabs) await untilState(tab, 'live');
    const position = await assignTask(server, 4);
    for (const tab of tabs) await untilPosition(tab, position);
    const digests = new Set(await Promise.all(tabs.map(digestOf)));
    assert.equal(digests.size, 1);
    assert.equal(proxy.openWatches.size, 1, `${proxy.openWatches.size} streams for ten tabs`);
    // A call of its own, with all tabs open.
    const team = (await server.thon('team', 'list')).teams[0];
    await tabs[9].evaluate((id) => { location.hash = `#/team?team=${id}`; }, team.team_id);
    await by(tabs[9], 'team-title').waitFor();
    // The one whose tab opened the stream may close it.
    await page.close();
    const next = await assignTask(server, 5);
    await untilPosition(tabs[9], next);
    await Promise.all(tabs.slice(1, 9).map((tab) => tab.close()));
    page = tabs[9];
    await untilPosition(page, await assignTask(server, 6));
  });

  test('without SharedWorker a tab has a stream of its own', async () => {
    const bare = await browser.context.newPage();
    await bare.addInitScript(() => { delete globalThis.SharedWorker; });
    await bare.goto(`${proxy.url}/#/overview`);
    await untilState(bare, 'live');
    assert.equal(proxy.openWatches.size, 2);
    await untilPosition(bare, await assignTask(server, 8));
    await bare.close();
    await until('its stream is closed', () => proxy.openWatches.size === 1);
  });

  test('log-out ends the session, and the page says how to get in again', async () => {
    browser.allowed = [...CUT_OFF, /401|403/];
    const other = await browser.tab(`${proxy.url}/#/teams`);
    await untilState(other, 'live');
    await by(page, 'logout').click();
    await by(page, 'login-needed').waitFor();
    await until('the other tab is out too', async () => await by(other, 'login-needed').count() === 1);
    const text = await by(page, 'login-needed').innerText();
    assert.match(text, /login-link/);
    assert.match(text, /đường dẫn/);
    assert.match(text, /link/);
    const requests = proxy.requests.length;
    await pause(3000); // Long enough for a loop to be seen.
    assert.ok(proxy.requests.length - requests < 5, `${proxy.requests.slice(requests)}`);
    // In again, in the same browser.
    const again = await logIn(browser, server, { officer: OFFICER, base: proxy.url });
    await untilState(again, 'live');
    await by(page, 'login-retry').click();
    await untilState(page, 'live');
  });

  test('a session that is ended by the operator ends the page', async () => {
    browser.allowed = [...CUT_OFF, /401|403/];
    await server.thon('admin', 'token', 'revoke', '--officer', OFFICER);
    await until('the page is out', async () => {
      await assignTask(server, 3);
      return await by(page, 'login-needed').count() === 1;
    });
    assert.equal(await by(page, 'teams-table').count(), 0);
  });

  test('a grant that is taken back ends the page, though the session lasts', async () => {
    browser.allowed = [...CUT_OFF, /401|403/];
    const officer = 61;
    await server.officer(officer, 'reader', '15');
    const mine = await Browser.start();
    mine.allowed = browser.allowed;
    try {
      const tab = await logIn(mine, server, { officer, base: proxy.url });
      await untilState(tab, 'live');
      await server.revokeGrant(officer);
      await untilState(tab, 'denied');
      assert.deepEqual(mine.complaints, []);
    } finally {
      await mine.close();
    }
  });
});

describe('over TLS', () => {
  test('a browser logs in and is live', async () => {
    const own = await openPlayed();
    const secure = own.server;
    const key = new X509Certificate(readFileSync(join(secure.data, 'tls', 'server.crt'))).publicKey.export({ type: 'spki', format: 'der' });
    const mine = await Browser.start({ args: [`--ignore-certificate-errors-spki-list=${createHash('sha256').update(key).digest('base64')}`] });
    try {
      const tab = await openAs(mine, secure, { officer: 70, unitCode: '15' });
      const cookies = await mine.context.cookies(secure.url);
      assert.deepEqual(cookies.map(({ name, httpOnly, secure: only, sameSite, path }) => ({ name, httpOnly, only, sameSite, path })),
        [{ name: '__Host-thon_session', httpOnly: true, only: true, sameSite: 'Strict', path: '/' }]);
      assert.equal(await tab.evaluate(() => document.cookie), '');
      await untilPosition(tab, await assignTask(secure, 2));
      assert.deepEqual(mine.complaints, []);
    } finally {
      await mine.close();
      await own.close();
    }
  });
});
