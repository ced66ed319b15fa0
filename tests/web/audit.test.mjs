// Goal: an auditor sees in the browser that an event is in the log, and sees in
// red when that does not hold: a proof that was changed on its way, a log that
// lost what it had. The alarm stays.
// Method: Chromium over a real server through a proxy that changes single bits
// of the answers. What the page says it verified is computed once more here, in
// Node, from the entry's bytes. For the loss, the server is started again over
// an older copy of its data, as after a restored backup.
//
//   node audit.test.mjs BIN_DIR WORK_DIR
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cp, rm } from 'node:fs/promises';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { fromBinary, toBinary } from '@bufbuild/protobuf';

import { CorruptingProxy } from './corrupting_proxy.mjs';
import { Browser, by, logIn, seriousFaults, untilState } from './lib/browser.mjs';
import { connectFace } from './lib/clients.mjs';
import { openAs } from './lib/dashboard.mjs';
import { audit } from './lib/protos.mjs';
import { assignTask } from './lib/requests.mjs';
import { openPlayed } from './lib/thond.mjs';
import { until } from './lib/wait.mjs';

const AUDITOR = 70;
const calls = audit.AuditService.method;
const path = (method) => `/thon.v1.AuditService/${method}`;
const CUT_OFF = [/Failed to load resource/, /ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|ERR_NETWORK/];

let played;
let server;
let proxy;
let browser;
let page;

before(async () => {
  played = await openPlayed({ tls: false });
  server = played.server;
  await server.officer(AUDITOR, 'reader');
});
after(async () => {
  await played?.close();
});
beforeEach(async () => {
  proxy = await CorruptingProxy.start(server);
  browser = await Browser.start();
  page = await logIn(browser, server, { officer: AUDITOR, base: proxy.url });
  await untilState(page, 'live');
});
afterEach(async () => {
  const complaints = browser.complaints;
  await browser.close();
  await proxy.stop();
  assert.deepEqual(complaints, [], 'the pages complained');
});

// Opens a team and the proof of its newest event; the proof's element and the
// event's position.
async function openProof(team = 25) {
  await page.evaluate((hash) => { location.hash = hash; }, `#/team?team=${team}`);
  const button = page.locator('[data-test^="proof-open-"]').first();
  await button.click();
  const position = (await button.getAttribute('data-test')).slice('proof-open-'.length);
  return { proof: by(page, `proof-${position}`), position: BigInt(position) };
}

const untilProof = (proof, state) => until(`the proof is ${state}`, async () => await proof.getAttribute('data-state') === state);
const untilTone = (tone) => until(`the audit is ${tone}`, async () => await by(page, 'audit-open').getAttribute('data-tone') === tone);

// Changes the message of a call on its way.
function change(method, edit) {
  const { output } = calls[method];
  proxy.changes.set(path(method[0].toUpperCase() + method.slice(1)), (bytes) => {
    const message = fromBinary(output, bytes);
    edit(message);
    return toBinary(output, message);
  });
}

// Whether the element is red: its own background, with words in white.
const isRed = (element) => element.evaluate((node) => {
  const [red, green, blue] = getComputedStyle(node).backgroundColor.match(/\d+/g).map(Number);
  return red > 120 && red > green + 60 && red > blue + 60;
});

async function download(button) {
  const [file] = await Promise.all([page.waitForEvent('download'), by(page, button).click()]);
  return { name: file.suggestedFilename(), text: readFileSync(await file.path(), 'utf8') };
}

describe('the proof of an event', () => {
  test('is verified in the browser, and is what another program finds in the log', async () => {
    const { proof, position } = await openProof();
    await untilProof(proof, 'verified');
    const face = connectFace(server, server.token);
    const size = BigInt(await proof.locator('[data-test="head-size"]').getAttribute('data-size'));
    const { message } = await face.unary(calls.getInclusionProof, { entry: { case: 'position', value: position }, treeSize: size });
    const entries = [];
    const range = { firstEntry: message.entryIndex, endEntry: message.entryIndex + 1n };
    for await (const answer of face.stream(calls.streamEntries, range)) entries.push(...answer.entries);
    await face.close();
    assert.equal(entries.length, 1);
    const leaf = createHash('sha256').update(Buffer.from([0])).update(entries[0].leaf).digest('hex');
    assert.equal(await proof.locator('[data-test="proof-leaf"]').innerText(), leaf);
    assert.equal(await proof.locator('[data-test="head-root"]').innerText(), Buffer.from(message.rootHash).toString('hex'));
    const keyId = await proof.locator('[data-test="head-key-id"]').innerText();
    assert.equal(message.checkpoint.verifierKey.split('+')[1], keyId);
    assert.match(await proof.innerText(), /Đã kiểm: bản ghi số/);
    assert.match(await proof.innerText(), /chính máy chủ đưa ra/);
    const file = await download('proof-download');
    assert.match(file.name, /\.tlog-proof$/);
    assert.ok(file.text.startsWith(`c2sp.org/tlog-proof@v1\nindex ${message.entryIndex}\n`), file.text);
    assert.ok(file.text.includes(`\n${size}\n${Buffer.from(message.rootHash).toString('base64')}\n`), file.text);
    assert.deepEqual(await seriousFaults(page), []);
    await by(page, 'lang-en').click();
    assert.match(await proof.innerText(), /Verified: entry/);
  });

  test('goes down to the bytes of the entry, which hold what is shown; that they were read is recorded', async () => {
    const { proof } = await openProof();
    await untilProof(proof, 'verified');
    const nextPosition = async () => BigInt((await server.thon('status')).next_position);
    const before = await nextPosition();
    await by(page, 'proof-compare').click();
    await by(page, 'proof-same').waitFor();
    await until('the access is in the log', async () => await nextPosition() > before);
    assert.deepEqual(await seriousFaults(page), []);
  });

  const CHANGES = {
    'a bit of the path': (answer) => { answer.path[0][7] ^= 1; },
    'a hash of the path less': (answer) => { answer.path.pop(); },
    'a bit of the root': (answer) => { answer.rootHash[0] ^= 0x80; },
    'a bit of the leaf hash': (answer) => { answer.leafHash[31] ^= 1; },
    'another index': (answer) => { answer.entryIndex -= 1n; },
    'a letter of the signed note': (answer) => { answer.checkpoint.note = answer.checkpoint.note.replace(/\n(\d+)\n/, (_, size) => `\n${BigInt(size) + 1n}\n`); },
    'the file alone': (answer) => { answer.tlogProof = answer.tlogProof.replace(/\nindex \d+\n/, '\nindex 0\n'); },
  };
  for (const [what, edit] of Object.entries(CHANGES)) {
    test(`is not verified, and says so in red, when it comes with a change: ${what}`, async () => {
      change('getInclusionProof', edit);
      const { proof } = await openProof();
      await untilProof(proof, 'refuted');
      const verdict = proof.locator('[data-test="verdict"]');
      assert.match(await verdict.innerText(), /KHÔNG/);
      assert.ok(await isRed(verdict), 'it is not red');
      assert.equal(await by(page, 'proof-download').count(), 0);
      // What was damaged on the way is no alarm about the log.
      assert.equal(await by(page, 'audit-alarm').count(), 0);
      assert.deepEqual(await seriousFaults(page), []);
    });
  }

  test('is not the proof of another event: the entry then holds something else', async () => {
    change('streamEntries', (answer) => { for (const entry of answer.entries) entry.leaf[40] ^= 1; });
    const { proof } = await openProof();
    await untilProof(proof, 'verified');
    await by(page, 'proof-compare').click();
    const verdict = proof.locator('[data-test="verdict"][data-tone="bad"]');
    await verdict.waitFor();
    assert.ok(await isRed(verdict));
    assert.equal(await by(page, 'proof-same').count(), 0);
  });

  test('is not offered to who may not read the whole log', async () => {
    const mine = await Browser.start();
    try {
      const tab = await openAs(mine, server, { officer: 71, role: 'officer', unitCode: '15' });
      await tab.evaluate(() => { location.hash = '#/team?team=25'; });
      await tab.locator('[data-test^="team-event-"]').first().waitFor();
      assert.equal(await tab.locator('[data-test^="proof-open-"]').count(), 0);
      assert.equal(await by(tab, 'audit-open').count(), 0);
      assert.deepEqual(mine.complaints, []);
    } finally {
      await mine.close();
    }
  });
});

describe("the log's head", () => {
  test('extends the one that the browser kept, and the panel says what is known of it', async () => {
    await untilTone('good');
    await assignTask(server, 3);
    await by(page, 'audit-open').click();
    await until('it extends the one before', async () => /nối tiếp đúng điểm kiểm có/.test(await by(page, 'audit-verdict').innerText()));
    const file = await download('audit-download');
    const [origin, size] = file.text.split('\n');
    await until('the panel shows what is downloaded', async () =>
      await by(page, 'audit-panel').locator('[data-test="head-size"]').getAttribute('data-size') === size);
    assert.ok((await by(page, 'audit-panel').innerText()).includes(origin));
    assert.deepEqual(await seriousFaults(page), []);
    await by(page, 'audit-close').click();
    await until('it is closed', async () => await by(page, 'audit-panel').count() === 0);
  });

  test('that does not extend it raises an alarm that stays until a person takes it back', async () => {
    await untilTone('good');
    await assignTask(server, 4);
    change('getConsistencyProof', (answer) => { answer.path[0][0] ^= 1; });
    await by(page, 'audit-open').click();
    await by(page, 'audit-alarm').waitFor();
    assert.ok(await isRed(by(page, 'audit-alarm')));
    assert.match(await by(page, 'audit-alarm').innerText(), /BÁO ĐỘNG/);
    assert.deepEqual(await seriousFaults(page), []);
    proxy.changes.clear();
    await page.reload();
    await by(page, 'audit-alarm').waitFor();
    const file = await download('audit-evidence');
    assert.match(file.text, /^thon evidence: fork\n/);
    await untilState(page, 'live');
    await by(page, 'audit-open').click();
    await by(page, 'audit-forget').click();
    await until('it is taken back', async () => await by(page, 'audit-alarm').count() === 0);
    await untilTone('good');
  });

  test('of a server that lost entries raises an alarm', async () => {
    browser.allowed = CUT_OFF;
    await untilTone('good');
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    const older = `${server.data}.older`;
    await cp(server.data, older, { recursive: true });
    await server.start();
    await assignTask(server, 5);
    const face = connectFace(server, server.token);
    const { message: grown } = await face.unary(calls.getCheckpoint, {});
    await face.close();
    await untilState(page, 'live');
    await by(page, 'audit-open').click();
    await until('the page knows the grown log', async () => {
      await by(page, 'audit-again').click();
      const shown = await by(page, 'audit-panel').locator('[data-test="head-size"]').getAttribute('data-size', { timeout: 2000 });
      return BigInt(shown) >= grown.treeSize;
    });
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    await rm(server.data, { recursive: true });
    await cp(older, server.data, { recursive: true });
    await server.start();
    await until('it is told', async () => {
      await by(page, 'audit-again').click();
      return await by(page, 'audit-alarm').count() === 1;
    });
    assert.equal(await by(page, 'audit-alarm').getAttribute('data-kind'), 'shrunk');
    assert.ok(await isRed(by(page, 'audit-alarm')));
  });
});
