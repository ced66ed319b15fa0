// Goal: an officer finds one team among 20,000 and works with it: the table, the
// search without tones, the file, the call list; a team with its phones, its
// events and the reasons behind its money; a held event decided; what arrives,
// as it arrives.
// Method: Chromium over two real servers, one with 20,000 imported teams and one
// with the demo's small province; what is shown is compared with what `thon` and
// the query service answer; phones of the fleet write while the page is open.
//
//   node teams.test.mjs BIN_DIR WORK_DIR
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { communeOf, startBig, TEAMS, villageOf } from './lib/big.mjs';
import { Browser, by, logIn, numberOf, untilState } from './lib/browser.mjs';
import { connectFace } from './lib/clients.mjs';
import { openAs, positionOf, unitsOf, untilPosition } from './lib/dashboard.mjs';
import { log, policy, query } from './lib/protos.mjs';
import { assignTask } from './lib/requests.mjs';
import { openPlayed, temporaryFolder } from './lib/thond.mjs';
import { until } from './lib/wait.mjs';

const ROWS_MAX = 100;
const reads = query.QueryService.method;
const { HELD } = log.Standing;

const rowElements = (page) => page.locator('[role=row], tr').count();
const shownCount = async (page) => Number(numberOf((await by(page, 'teams-count').innerText()).split(/trong|of/)[0]));
const names = (page) => page.locator('[data-test^="team-row-"] .name').allInnerTexts();
const untilCount = (page, count) => until(`${count} teams are listed`, async () => await shownCount(page) === count);

async function csvOf(page) {
  const [file] = await Promise.all([page.waitForEvent('download'), by(page, 'teams-csv').click()]);
  const bytes = readFileSync(await file.path());
  return { name: file.suggestedFilename(), bytes, rows: parseCsv(bytes.subarray(3).toString('utf8')) };
}

const stepsOf = (derivation) => derivation.steps.flatMap((step) => [step, ...stepsOf(step)]);

function parseCsv(text) {
  const rows = [];
  for (const line of text.split('\r\n')) {
    if (line === '') continue;
    rows.push([...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(,|$)/g)].map((match) => match[1].replace(/^"|"$/g, '').replaceAll('""', '"')));
  }
  return rows;
}

describe('20,000 teams', () => {
  let temporary;
  let server;
  let browser;
  let page;

  before(async () => {
    temporary = await temporaryFolder();
    server = await startBig(temporary.folder);
    browser = await Browser.start();
    await server.officer(50, 'reader', '15');
    page = await logIn(browser, server, { officer: 50 });
    const started = Date.now();
    await untilState(page, 'live');
    process.stdout.write(`# 20,000 teams are live after ${Date.now() - started} ms\n`);
    await by(page, 'tab-teams').click();
    await by(page, 'teams-table').waitFor();
    await untilCount(page, TEAMS);
  });
  after(async () => {
    const complaints = browser?.complaints ?? [];
    await browser?.close();
    await server?.stop();
    await temporary?.remove();
    assert.deepEqual(complaints, [], 'the pages complained');
  });
  const clear = async () => {
    await page.evaluate(() => { location.hash = '#/teams'; });
    await untilCount(page, TEAMS);
  };

  test('while one scrolls there are never more than 100 row elements', async () => {
    const grid = by(page, 'teams-table');
    assert.equal(await grid.getAttribute('aria-rowcount'), String(TEAMS + 1));
    await grid.hover();
    let most = 0;
    const seen = new Set();
    for (let i = 0; i < 40; i += 1) {
      await page.mouse.wheel(0, i < 20 ? 900 : 40_000);
      await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
      most = Math.max(most, await rowElements(page));
      for (const name of await names(page)) seen.add(name);
    }
    assert.ok(most <= ROWS_MAX, `${most} rows`);
    assert.ok(seen.size > 300, `only ${seen.size} teams were seen`);
    await page.setViewportSize({ width: 3840, height: 2160 });
    await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
    assert.ok(await rowElements(page) <= ROWS_MAX, `${await rowElements(page)} rows on 4K`);
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('End, Home, Page Down and the arrows reach any row', async () => {
    const grid = by(page, 'teams-table');
    await grid.focus();
    const active = async () => {
      const id = await grid.getAttribute('aria-activedescendant');
      const row = page.locator(`#${id}`);
      await row.waitFor();
      const box = await row.boundingBox();
      const frame = await grid.boundingBox();
      assert.ok(box.y >= frame.y - 1 && box.y + box.height <= frame.y + frame.height + 1, 'the active row is out of sight');
      return Number(await row.getAttribute('aria-rowindex'));
    };
    await page.keyboard.press('End');
    await until('the last row is active', async () => await active() === TEAMS + 1);
    await page.keyboard.press('ArrowUp');
    await until('the row before it', async () => await active() === TEAMS);
    await page.keyboard.press('Home');
    await until('the first row is active', async () => await active() === 2);
    await page.keyboard.press('PageDown');
    await until('a page further', async () => await active() > 5);
    assert.ok(await rowElements(page) <= ROWS_MAX);
  });

  test('a search ignores tones, case and đ, in any order of words', async () => {
    await clear();
    const wanted = Array.from({ length: TEAMS }, (_, i) => i).filter((i) => /Đồng Đất/.test(villageOf(i)) && /Xã Vĩnh/.test(communeOf(i)));
    assert.ok(wanted.length > 5);
    for (const text of ['dong dat xa vinh', 'ĐỒNG ĐẤT xã vĩnh', 'vinh xa dat dong']) {
      await by(page, 'teams-search').fill(text);
      await until('the search is done', async () => await shownCount(page) <= wanted.length + 400 && (await names(page)).length > 0);
      assert.ok(await shownCount(page) >= wanted.length, `${text}: ${await shownCount(page)}`);
      for (const name of await names(page)) assert.match(name, /Đồng Đất|Đồng|Đất/);
    }
    await by(page, 'teams-search').fill('phieng 14719');
    await until('one is left', async () => await shownCount(page) <= 1);
    await by(page, 'teams-search').fill(villageOf(14_719).slice(5).normalize('NFD'));
    await untilCount(page, 1);
    await until('the address has the search', () => /q=/.test(page.url()));
    assert.deepEqual((await names(page)).map((name) => name.trim()), [`Tổ công nghệ số ${villageOf(14_719).slice(5)}`]);
    await by(page, 'teams-search').press('Enter');
    await page.keyboard.press('Enter');
    await by(page, 'team-title').waitFor();
    assert.match(page.url(), /team=14720/);
    await page.goBack();
    await untilCount(page, 1);
    await clear();
  });

  test('the table sorts as Vietnamese does, both ways', async () => {
    await clear();
    await by(page, 'teams-sort-name').click();
    const head = by(page, 'teams-table').locator('[role=columnheader][aria-sort="ascending"], [role=columnheader][aria-sort="descending"]');
    await head.waitFor();
    for (let i = 0; i < 2; i += 1) {
      const descending = await head.getAttribute('aria-sort') === 'descending';
      await by(page, 'teams-table').focus();
      await page.keyboard.press('Home');
      const collator = new Intl.Collator('vi', { numeric: true });
      const first = Array.from({ length: TEAMS }, (_, k) => `Tổ công nghệ số ${villageOf(k).slice(5)}`)
        .sort((a, b) => (descending ? -1 : 1) * collator.compare(a, b))[0];
      await until('the first is the first', async () => (await page.locator('[aria-rowindex="2"] .name').innerText()).trim() === first);
      await by(page, 'teams-sort-name').click();
    }
  });

  test('the filter of the area keeps to it, and the file says what the table shows', async () => {
    await clear();
    const units = await unitsOf(server);
    const district = units.find((unit) => unit.level === 'DISTRICT');
    await by(page, 'teams-filter-unit').selectOption(String(district.id));
    await untilCount(page, 2000);
    await by(page, 'teams-search').fill('thac');
    await until('the search is done', async () => await shownCount(page) < 2000 && /q=thac/.test(page.url()));
    const count = await shownCount(page);
    const csv = await csvOf(page);
    assert.deepEqual([...csv.bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
    assert.match(csv.name, /\.csv$/);
    assert.equal(csv.rows.length, count + 1);
    assert.equal(csv.rows[1][0], (await page.locator('[aria-rowindex="2"] .name').innerText()).trim());
    await clear();
    const all = await csvOf(page);
    assert.equal(all.rows.length, TEAMS + 1);
    assert.equal(new Set(all.rows.slice(1).map((row) => row[0])).size, TEAMS);
    assert.ok(all.rows.every((row) => row.length === all.rows[0].length));
  });

  test('a change arrives while one looks at it', async () => {
    await clear();
    await untilPosition(page, await assignTask(server, 5));
    assert.equal(await shownCount(page), TEAMS);
    assert.ok(await rowElements(page) <= ROWS_MAX);
  });
});

describe('a team', () => {
  let played;
  let server;
  let browser;
  let page;
  let face;

  const goto = (hash) => page.evaluate((value) => { location.hash = value; }, hash);
  const authorOf = async (teamId) => (await face.unary(reads.getTeam, { teamId })).message.authors;
  const standingsOf = async (author) => (await face.unary(reads.listStandings, { author })).message.exceptions;

  before(async () => {
    played = await openPlayed({ tls: false });
    server = played.server;
    face = connectFace(server, server.token);
    browser = await Browser.start();
    page = await openAs(browser, server, { officer: 50, unitCode: '15' });
  });
  after(async () => {
    const complaints = browser?.complaints ?? [];
    await browser?.close();
    await face?.close();
    await played?.close();
    assert.deepEqual(complaints, [], 'the pages complained');
  });

  const showAll = (tab) => until('all events are shown', async () => {
    if (await by(tab, 'team-timeline').getAttribute('aria-busy') === 'true') return false;
    if (await by(tab, 'timeline-more').count() === 0) return await tab.locator('[data-test^="team-event-"]').count() > 0;
    await by(tab, 'timeline-more').click({ timeout: 1000 });
    return false;
  });

  test('the table has each team\'s money, and filters by it', async () => {
    await goto('#/teams?month=202312');
    await untilCount(page, 30);
    await by(page, 'teams-filter-money').selectOption('PROVISIONAL');
    await untilCount(page, 17);
    const rows = (await csvOf(page)).rows;
    const head = rows[0];
    const amount = head.findIndex((cell) => /Số tiền/.test(cell));
    assert.notEqual(amount, -1, String(head));
    assert.deepEqual(new Set(rows.slice(1).map((row) => row[amount])), new Set(['500000']));
    await by(page, 'teams-filter-money').selectOption('NOT_COVERED');
    await untilCount(page, 13);
    await by(page, 'teams-clear').click();
    await untilCount(page, 30);
  });

  test('the call list names whom to phone, and why', async () => {
    await goto('#/teams');
    await by(page, 'call-list').click();
    await until('it is the call list', async () => /gọi/i.test(await page.locator('h1').innerText()));
    const rows = (await csvOf(page)).rows.slice(1);
    assert.ok(rows.length > 0);
    // Of the two teams with something held, each is there, with how much.
    for (const [teamId, held] of [[23n, 6], [25n, 82]]) {
      const { message } = await face.unary(reads.getTeam, { teamId });
      // They are counted event by event: one that may belong to either of two months is one.
      await until(`${message.team.name} is on the list`, async () => (await csvOf(page)).rows
        .some((cells) => cells[0] === message.team.name && cells.some((cell) => cell.includes(`${held} sự kiện`))));
      const leader = message.team.members.find((one) => one.seat === 1);
      await until('the leaders are read', async () => (await csvOf(page)).rows.some((cells) => cells.join().includes(String(leader.memberId))));
    }
  });

  test('its page has its members by seat, its phones and when they were heard', async () => {
    await goto('#/team?team=25');
    await by(page, 'team-title').waitFor();
    const { message } = await face.unary(reads.getTeam, { teamId: 25n });
    assert.equal(await by(page, 'team-title').innerText(), message.team.name);
    for (const one of message.team.members) {
      assert.equal(Number(await by(page, `team-member-${one.memberId}`).getAttribute('data-seat')), one.seat);
    }
    assert.equal(message.authors.length, 2);
    for (const one of message.syncHealth) {
      const text = await by(page, `team-phone-${Buffer.from(one.author).toString('hex')}`).innerText();
      const heard = new Date(Number(one.lastReceiveTimeMs) + 7 * 3_600_000).toISOString();
      assert.ok(text.includes(`${heard.slice(8, 10)}/${heard.slice(5, 7)}/${heard.slice(0, 4)}`), text);
      assert.ok(text.replace(/\./g, '').includes(String(one.events)), text);
    }
    assert.match(await page.locator('main').innerText(), /khoá mới chờ xác nhận/);
  });

  test('its timeline has its events, newest first, with what became of them', async () => {
    await goto('#/team?team=23');
    await page.locator('[data-test^="team-event-"]').first().waitFor();
    const { message } = await face.unary(reads.listTeamEvents, { teamId: 23n, pageSize: 50 });
    const shown = await page.locator('[data-test^="team-event-"]').evaluateAll((items) =>
      items.map((item) => [item.dataset.test.slice('team-event-'.length), item.dataset.standing]));
    const wanted = message.events.map((event) => [String(event.position), event.standing]);
    assert.deepEqual(shown.slice(0, 20), wanted.slice(0, 20));
    // All of them, by asking for more.
    await showAll(page);
    const health = (await face.unary(reads.getTeam, { teamId: 23n })).message.syncHealth[0];
    assert.equal(BigInt(await page.locator('[data-test^="team-event-"]').count()), health.events);
    const [author] = await authorOf(23n);
    const held = (await standingsOf(author.author)).filter((one) => one.standing === HELD).length;
    assert.equal(held, 6);
    assert.equal(await page.locator('[data-test^="team-event-"][data-standing="HELD"]').count(), held);
  });

  test('a month opens into its explanation: decisions, each step, events, assumptions', async () => {
    const paid = (await server.thon('eligibility', 'list', '--policy', 'YB-2023', '--from', '2023-12', '--to', '2023-12')).rows
      .find((row) => row.determination.amount_vnd > 0);
    const team = paid.beneficiary_id;
    await goto(`#/team?team=${team}`);
    await by(page, 'explain-202312').click();
    const explanation = by(page, 'explanation');
    await explanation.locator('[data-test="explain-step"]').first().waitFor();
    const { message } = await face.unary(reads.getDetermination, { policyId: 'YB-2023', beneficiaryId: BigInt(team),
      beneficiaryKind: policy.BeneficiaryKind.TEAM, month: 202312, explain: true });
    const text = await explanation.innerText();
    assert.match(text, /500\.000 đồng/);
    const steps = stepsOf(message.derivation);
    assert.equal(await explanation.locator('[data-test="explain-step"]').count(), steps.length);
    const sources = await explanation.locator('[data-test="explain-source"]').allInnerTexts();
    assert.ok(sources.some((source) => /NQ-HĐND|QĐ-UBND/.test(source)), `no decision: ${sources}`);
    const words = text.replace(/\s+/g, ' ');
    for (const step of steps) {
      assert.ok(words.includes(step.textVi.replace(/\s+/g, ' ')), `"${step.textVi}" is not shown`);
      if (step.assumption !== '') assert.ok(words.includes(step.assumption.replace(/\s+/g, ' ')), `"${step.assumption}" is not shown`);
    }
    const assumptions = steps.filter((step) => step.assumption !== '').length;
    assert.equal(await explanation.locator('[data-test="explain-assumption"]').count() > 0, assumptions > 0);
    // The events that it rests on, as far as the policy looks at any.
    const looked = [message.derivation, ...steps].flatMap((step) => step.events).map((event) => String(event.position));
    for (const summary of await explanation.locator('summary').all()) await summary.click();
    const shown = await explanation.locator('[data-test^="explain-event-"]').evaluateAll((rows) =>
      rows.map((row) => row.dataset.test.slice('explain-event-'.length)));
    assert.deepEqual(new Set(shown), new Set(looked));
    // The one that is not covered says why.
    const poor = (await server.thon('eligibility', 'list', '--policy', 'YB-2023', '--from', '2023-12', '--to', '2023-12')).rows
      .find((row) => row.determination.state === 'NOT_COVERED' && row.beneficiary_kind === 'TEAM');
    await goto(`#/team?team=${poor.beneficiary_id}`);
    await by(page, 'explain-202312').click();
    await by(page, 'explanation').locator('[data-test="explain-step"][data-deciding="true"]').waitFor();
    assert.match(await by(page, 'explanation').innerText(), /đăng ký|danh sách/i);
  });

  test('a held event is decided, and the outcome appears live in another window', async () => {
    await goto('#/team?team=23');
    await by(page, 'timeline-filter').selectOption('held').catch(async () => {
      const value = await by(page, 'timeline-filter').locator('option').nth(1).getAttribute('value');
      await by(page, 'timeline-filter').selectOption(value);
    });
    await showAll(page);
    const held = page.locator('[data-test^="held-decide-"]:not([data-test^="held-decide-month"])');
    await held.first().waitFor();
    const position = (await held.first().getAttribute('data-test')).slice('held-decide-'.length);
    const other = await browser.tab(page.url());
    await untilState(other, 'live');
    await showAll(other);
    assert.equal(await by(other, `team-event-${position}`).getAttribute('data-standing'), 'HELD');
    await held.first().click();
    await by(page, 'held-dialog').waitFor();
    // Without a reason it is refused here.
    await by(page, 'held-counts').check();
    const months = by(page, 'held-month');
    if (await months.count() > 0) {
      const value = await months.locator('option').last().getAttribute('value');
      await months.selectOption(value);
    }
    await by(page, 'held-submit').click();
    await by(page, 'held-problem').waitFor();
    await by(page, 'held-reason').fill('Đã đối chiếu với sổ của thôn');
    const before = BigInt((await server.thon('status')).next_position);
    await by(page, 'held-submit').click();
    await until('it is decided', async () => await by(page, 'held-outcome').getAttribute('data-outcome') === 'done');
    assert.equal(BigInt((await server.thon('status')).next_position), before + 1n);
    await until('it counts in the other window', async () =>
      await by(other, `team-event-${position}`).getAttribute('data-standing') === 'COUNTED');
    await page.keyboard.press('Escape');
    await until('it is not held here', async () =>
      await page.locator(`[data-test="team-event-${position}"][data-standing="HELD"]`).count() === 0);
    const { message } = await face.unary(reads.listTeamEvents, { teamId: 23n, beforePosition: BigInt(position) + 1n, pageSize: 1 });
    assert.deepEqual([String(message.events[0].position), message.events[0].standing], [position, 'COUNTED']);
    await other.close();
  });

  test('who may only read is not offered a decision', async () => {
    const mine = await Browser.start();
    try {
      const tab = await openAs(mine, server, { officer: 51, role: 'reader', unitCode: '15' });
      await tab.evaluate(() => { location.hash = '#/team?team=23'; });
      await tab.locator('[data-test^="team-event-"]').first().waitFor();
      assert.equal(await tab.locator('[data-test^="held-decide"]').count(), 0);
      assert.deepEqual(mine.complaints, []);
    } finally {
      await mine.close();
    }
  });

  describe('what arrives', () => {
    const items = () => page.locator('[data-test^="feed-event-"]').evaluateAll((list) =>
      list.map((item) => [BigInt(item.dataset.test.slice('feed-event-'.length)), item.dataset.kind].map(String)));

    test('the feed has the newest events, as the log has them', async () => {
      await goto('#/feed');
      await page.locator('[data-test^="feed-event-"]').first().waitFor();
      const position = await assignTask(server, 9);
      await until('the newest is first', async () => BigInt((await items())[0][0]) === position);
      assert.equal((await items())[0][1], 'plan_assigned');
      const positions = (await items()).map(([one]) => Number(one));
      assert.deepEqual(positions, [...positions].sort((a, b) => b - a));
      assert.ok(positions.length <= 200);
    });

    test('paused it stands still and counts what waits; resumed it shows it', async () => {
      await by(page, 'feed-pause').click();
      const before = await items();
      await assignTask(server, 10);
      const position = await assignTask(server, 11);
      await until('two wait', async () => /\b2\b/.test(await by(page, 'feed-waiting').innerText()));
      assert.deepEqual(await items(), before);
      await by(page, 'feed-pause').click();
      await until('they are shown', async () => BigInt((await items())[0][0]) === position);
    });

    test('filtered it shows one kind only', async () => {
      await by(page, 'feed-kind').selectOption('plan_assigned');
      await until('only tasks are shown', async () => (await items()).every(([, kind]) => kind === 'plan_assigned') && (await items()).length >= 3);
      await by(page, 'feed-kind').selectOption('');
      await until('all are shown', async () => new Set((await items()).map(([, kind]) => kind)).size > 2);
    });

    test('phones that come back into signal are seen to: feed, overview and table fill up', async () => {
      const { message } = await face.unary(reads.listTeams, { pageSize: 5 });
      const fresh = message.teams.slice(0, 3).map((team) => [String(team.teamId), String(team.members[1].memberId), String(team.units.at(-1).unitId)]);
      const overview = await browser.tab(`${server.url}/#/overview`);
      await untilState(overview, 'live');
      const activeBefore = Number(await by(overview, 'overview-figure-active').getAttribute('data-value'));
      const report = await server.fleet({ folder: join(played.folder, 'fleet'), teams: fresh, from: '2024-01-06', to: '2024-01-12',
        eventsPerPhone: 60 });
      assert.ok(report.events_recorded > 0);
      const end = BigInt((await server.thon('status')).next_position) - 1n;
      await untilPosition(page, end);
      await untilPosition(overview, end);
      const kinds = new Set((await items()).map(([, kind]) => kind));
      assert.ok([...kinds].some((kind) => /session|visit|install|training|dossier|account|submission/.test(kind)), [...kinds].join());
      const active = Number(await by(overview, 'overview-figure-active').getAttribute('data-value'));
      assert.ok(active > activeBefore, `${activeBefore} -> ${active}`);
      assert.equal(await positionOf(overview), await positionOf(page));
      await overview.close();
    });
  });
});
