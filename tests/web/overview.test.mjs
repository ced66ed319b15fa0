// Goal: a district officer's overview shows what the server knows, to the đồng,
// goes down to a village and back, shows any moment of the past, prints, and is
// for everybody: both languages, both themes, keyboard, small screens.
// Method: Debian's Chromium over a real server with the demo's small province;
// every figure is compared with the query service's answers as of the position
// that the page says it shows.
//
//   node overview.test.mjs BIN_DIR WORK_DIR
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Browser, by, numberOf, seriousFaults, untilState } from './lib/browser.mjs';
import { connectFace } from './lib/clients.mjs';
import { asShown, digestOf, expectFigures, openAs, positionOf, shownFigures, unitsOf, untilPosition } from './lib/dashboard.mjs';
import { day } from './lib/requests.mjs';
import { SCREENSHOTS } from './lib/settings.mjs';
import { openPlayed } from './lib/thond.mjs';
import { factsOf, figures, monthBefore, monthOf } from './lib/truth.mjs';
import { until } from './lib/wait.mjs';

const TODAY = day('2024-01-05');
const NOW = monthOf(TODAY);

let played;
let server;
let browser;
let page;
let face;
let units;
let province;

const at = (position) => ({ case: 'position', value: position });
const of = (level, parent) => units.filter((unit) => unit.level === level && (parent === undefined || unit.parent === parent.id));
const goto = async (hash) => {
  await page.evaluate((value) => { location.hash = value; }, hash);
};
// The page as of its own position.
const factsShown = async (unit) => factsOf(face, unit.id, at(await positionOf(page)));

before(async () => {
  played = await openPlayed({ tls: false });
  server = played.server;
  face = connectFace(server, server.token);
  units = await unitsOf(server);
  [province] = of('PROVINCE');
  browser = await Browser.start();
  page = await openAs(browser, server, { officer: 50, unitCode: '15' });
  mkdirSync(SCREENSHOTS, { recursive: true });
});
after(async () => {
  const complaints = browser?.complaints ?? [];
  await browser?.close();
  await face?.close();
  await played?.close();
  assert.deepEqual(complaints, [], 'the pages complained');
});

describe('the figures', () => {
  test('the page says where it stands', async () => {
    const status = await server.thon('status');
    assert.ok(await positionOf(page) <= BigInt(status.next_position) - 1n);
    await untilPosition(page, BigInt(status.next_position) - 1n);
    assert.equal(numberOf(await by(page, 'trust-position').innerText()), await positionOf(page));
    assert.match(await digestOf(page), /^[0-9a-f]{64}$/);
    assert.match(await by(page, 'trust-time').innerText(), /^\d{2}\/\d{2}\/\d{4} \d{2}:\d{2}/);
    assert.equal(await by(page, 'trust-day').innerText(), '05/01/2024');
    assert.equal((await by(page, 'overview-title').innerText()), province.name);
  });

  test('each is what the server answers, for this month and for months before', async () => {
    const facts = await factsShown(province);
    assert.equal(facts.teams.length, 30);
    for (const month of [NOW, monthBefore(NOW), 202310, 202306]) {
      await by(page, 'overview-month').selectOption(String(month));
      await expectFigures(page, asShown(figures(facts, month, TODAY)), `figures of ${month}`);
      const change = figures(facts, month, TODAY).active - figures(facts, monthBefore(month), TODAY).active;
      if (month !== 202306) {
        const text = await by(page, 'overview-change-active').innerText();
        if (change === 0) assert.doesNotMatch(text, /[▲▼]/);
        else assert.match(text, change > 0 ? new RegExp(`▲ \\+${change}\\b`) : new RegExp(`▼ −${-change}\\b`));
      }
    }
    await by(page, 'overview-month').selectOption(String(202312));
    assert.equal(await by(page, 'overview-figure-owed').innerText(), '8.500.000 đồng');
    assert.match(await by(page, 'overview-figure-ceiling').innerText(), /^59\.500\.000 đồng$/);
    const sums = (await server.thon('eligibility', 'summary', '--policy', 'YB-2023')).sums;
    const owed = sums.filter((sum) => sum.amount_vnd > 0).reduce((sum, one) => sum + BigInt(one.amount_vnd), 0n);
    assert.match(await by(page, 'overview-figure-used').innerText(), /^59\.500\.000 đồng/);
    assert.equal(owed, 59_500_000n);
  });

  test('a tile, a breadcrumb and a row lead down to a village and back', async () => {
    await goto('#/overview?month=202312');
    const facts = await factsShown(province);
    const [district] = of('DISTRICT');
    const communes = units.filter((unit) => unit.level === 'COMMUNE');
    assert.equal(await page.locator('[data-test^="tile-"]').count(), communes.length);
    // Province -> commune by its tile.
    const commune = of('COMMUNE', district)[0];
    await by(page, `tile-${commune.id}`).click();
    await until('the commune is shown', async () => (await by(page, 'overview-title').innerText()) === commune.name);
    const there = await factsShown(commune);
    assert.ok(there.teams.length > 0 && there.teams.length < facts.teams.length);
    await expectFigures(page, asShown(figures(there, 202312, TODAY)), `figures of ${commune.name}`);
    const crumbs = await by(page, 'breadcrumb').innerText();
    for (const unit of [province, district, commune]) assert.ok(crumbs.includes(unit.name), crumbs);
    // Commune -> village, by its tile.
    const village = of('VILLAGE', commune)[0];
    await by(page, `tile-${village.id}`).click();
    await until('the village is shown', async () => (await by(page, 'overview-title').innerText()) === village.name);
    await expectFigures(page, asShown(figures(await factsShown(village), 202312, TODAY)), `figures of ${village.name}`);
    // Up again, by the breadcrumb.
    await by(page, 'breadcrumb').getByText(district.name, { exact: true }).click();
    await until('the district is shown', async () => (await by(page, 'overview-title').innerText()) === district.name);
    await expectFigures(page, asShown(figures(await factsShown(district), 202312, TODAY)), `figures of ${district.name}`);
    // Down by the table, and back as browsers go back.
    await by(page, `unit-row-${commune.id}`).getByRole('link').first().click();
    await until('the commune is shown', async () => (await by(page, 'overview-title').innerText()) === commune.name);
    await page.goBack();
    await until('the district is shown again', async () => (await by(page, 'overview-title').innerText()) === district.name);
    await goto('#/overview');
  });

  test('the map is coloured by the figure that is chosen', async () => {
    await goto('#/overview?month=202312');
    const labels = async () => page.locator('[data-test^="tile-"]').evaluateAll((tiles) =>
      Object.fromEntries(tiles.map((tile) => [tile.dataset.test.slice(5), `${tile.getAttribute('aria-label') ?? ''} ${tile.textContent}`])));
    const choices = await by(page, 'map-figure').locator('option').evaluateAll((options) => options.map((option) => option.value));
    assert.ok(choices.length >= 5, String(choices));
    const facts = await factsShown(province);
    for (const choice of choices) {
      await by(page, 'map-figure').selectOption(choice);
      const shown = await labels();
      assert.equal(Object.keys(shown).length, 6);
      if (choice !== 'teams') continue;
      for (const commune of units.filter((unit) => unit.level === 'COMMUNE')) {
        const villages = new Set(of('VILLAGE', commune).map((unit) => unit.id));
        const count = facts.teams.filter((team) => villages.has(team.units.at(-1).unitId)).length;
        assert.match(shown[commune.id], new RegExp(`(^|\\D)${count}(\\D|$)`), commune.name);
      }
    }
    await by(page, 'map-figure').selectOption('active');
  });

  test('the chart of the months has its figures as a table', async () => {
    const facts = await factsShown(province);
    const chart = by(page, 'month-chart');
    assert.ok(await chart.locator('canvas').count() > 0, 'no chart is drawn');
    await chart.locator('summary').click();
    const text = await chart.locator('table').first().evaluate((table) =>
      [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim())));
    for (const month of [202306, 202309, 202312]) {
      const row = text.find((cells) => cells[0].includes(`${String(month).slice(4)}/${String(month).slice(0, 4)}`));
      assert.notEqual(row, undefined, `no row of ${month}: ${JSON.stringify(text)}`);
      assert.ok(row.slice(1).some((cell) => cell === String(figures(facts, month, TODAY).active)), JSON.stringify(row));
    }
  });

  test('real boundaries of a GeoJSON file take the place of the tiles, and stay', async () => {
    const communes = units.filter((unit) => unit.level === 'COMMUNE');
    const file = join(played.folder, 'boundaries.geojson');
    const square = (i) => [[[104 + i, 21], [104.9 + i, 21], [104.9 + i, 22], [104 + i, 22], [104 + i, 21]]];
    writeFileSync(file, JSON.stringify({ type: 'FeatureCollection', features: communes.map((unit, i) =>
      ({ type: 'Feature', properties: { code: unit.code, name: unit.name }, geometry: { type: 'Polygon', coordinates: square(i) } })) }));
    await by(page, 'map').locator('input[type=file]').setInputFiles(file);
    await by(page, 'map-boundaries').waitFor();
    assert.equal(await by(page, 'map-boundaries').locator('path').count() >= communes.length, true);
    await page.reload();
    await untilState(page, 'live');
    await by(page, 'map-boundaries').waitFor();
    await by(page, `tile-${communes[2].id}`).click();
    await until('the commune is shown', async () => (await by(page, 'overview-title').innerText()) === communes[2].name);
    await goto('#/overview');
    const bad = join(played.folder, 'bad.geojson');
    writeFileSync(bad, '{"type":"FeatureCollection","features":[{"type":"Feature"');
    await by(page, 'map').locator('input[type=file]').setInputFiles(bad);
    await until('it says that the file is none', async () => /không phải JSON/.test(await by(page, 'map').innerText()));
    await by(page, 'map').getByText('Bỏ ranh giới').click();
    await until('the tiles are back', async () => await by(page, 'map-boundaries').count() === 0);
    assert.equal(await page.locator('[data-test^="tile-"]').count(), communes.length);
  });
});

describe('the past', () => {
  const lookAt = async (text) => {
    if (!await by(page, 'asof-date').isVisible()) await by(page, 'asof-open').click();
    await by(page, 'asof-date').fill(text);
    await by(page, 'asof-date-show').click();
    await untilState(page, 'past');
  };
  const banner = async (text) => until(`a banner says ${text}`, async () => (await by(page, 'asof-banner').innerText()).includes(text));
  const loaded = (text) => until(`the page shows ${text}`, async () => (await by(page, 'trust-day').innerText()) === text);

  test('on 11 October 2023 nothing is paid, on the 12th the same months are', async () => {
    await goto('#/overview');
    for (const [text, date, paid] of [['11/10/2023', '2023-10-11', false], ['12/10/2023', '2023-10-12', true]]) {
      await lookAt(text);
      await banner(text);
      await loaded(text);
      const facts = await factsOf(face, province.id, { case: 'date', value: day(date) });
      await by(page, 'overview-month').selectOption('202309');
      await expectFigures(page, asShown(figures(facts, 202309, day(date))), `September as known on ${text}`);
      const shown = await shownFigures(page);
      assert.deepEqual([shown.money.PROVISIONAL, shown.money.COVERED_UNFUNDED], paid
        ? [{ amount: 8_500_000n, count: 17 }, { amount: 0n, count: 0 }]
        : [{ amount: 0n, count: 0 }, { amount: 0n, count: 17 }]);
      assert.equal(await by(page, 'overview-figure-owed').innerText(), paid ? '8.500.000 đồng' : '0 đồng');
      assert.match(await digestOf(page), /^[0-9a-f]{64}$/);
    }
    await page.screenshot({ path: join(SCREENSHOTS, 'past.vi.1440.png'), fullPage: true });
  });

  test('the slider moves through the days, and the address can be sent', async () => {
    const before = await by(page, 'trust-day').innerText();
    await by(page, 'asof-slider').focus();
    await page.keyboard.press('ArrowLeft');
    await until('another day is shown', async () => (await by(page, 'trust-day').innerText()) !== before);
    await loaded('11/10/2023');
    const address = page.url();
    const other = await browser.tab(address);
    await untilState(other, 'past');
    await until('the other tab shows the day', async () => (await by(other, 'trust-day').innerText()) === '11/10/2023');
    assert.equal(await digestOf(other), await digestOf(page));
    await other.close();
  });

  test('a date that is none is said to be none', async () => {
    for (const [text, wanted] of [['31/02/2023', /Ngày không hợp lệ/], ['01/01/1999', /từ 20\/05\/2023 đến 05\/01\/2024/],
      ['hôm qua', /Ngày không hợp lệ/], ['01/01/2031', /từ 20\/05\/2023/]]) {
      await by(page, 'asof-date').fill(text);
      await by(page, 'asof-date-show').click();
      await until(`${text} is refused`, async () => wanted.test(await page.locator('#asof-panel .field-error').innerText()));
      assert.equal(await by(page, 'trust-day').innerText(), '11/10/2023');
    }
  });

  test('what comes in meanwhile is there when one is back', async () => {
    await by(page, 'asof-banner').waitFor();
    await server.thon('task', 'assign', 77, '--team', 1, '--due', '2024-02-28');
    const end = BigInt((await server.thon('status')).next_position) - 1n;
    assert.equal(await by(page, 'trust-day').innerText(), '11/10/2023');
    await by(page, 'asof-now').click();
    await untilState(page, 'live');
    assert.equal(await by(page, 'asof-banner').count(), 0);
    await untilPosition(page, end);
    assert.equal(await by(page, 'trust-day').innerText(), '05/01/2024');
  });
});

describe('for everybody', () => {
  const teams = async () => (await server.thon('team', 'list')).teams;
  const pages = async () => ({
    overview: '#/overview?month=202312', teams: '#/teams?month=202312', calls: '#/teams?filter=calls',
    team: `#/team?team=${(await teams())[0].team_id}`, feed: '#/feed',
  });
  const settle = async () => {
    await untilState(page, 'live', 'past');
    await until('nothing is loading', async () => await page.locator('[aria-busy="true"]').count() === 0);
    await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
  };

  test('in both languages and at both widths each page fits; pictures are kept', async () => {
    for (const language of ['vi', 'en']) {
      await page.setViewportSize({ width: 1440, height: 900 });
      await by(page, `lang-${language}`).click();
      await until('the language is set', async () => await page.locator('html').getAttribute('lang') === language);
      for (const [name, hash] of Object.entries(await pages())) {
        await goto(hash);
        for (const width of [360, 1440]) {
          await page.setViewportSize({ width, height: width === 360 ? 740 : 900 });
          await settle();
          await page.screenshot({ path: join(SCREENSHOTS, `${name}.${language}.${width}.png`), fullPage: true });
          const wide = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
          assert.ok(wide <= 0, `${name} is ${wide} px too wide at ${width}`);
          assert.ok(await by(page, 'trust-state').isVisible() && await by(page, 'trust-position').isVisible(), `${name} at ${width}`);
        }
      }
    }
    await by(page, 'lang-vi').click();
    await page.setViewportSize({ width: 3840, height: 2160 });
    await goto('#/overview?month=202312');
    await settle();
    await page.screenshot({ path: join(SCREENSHOTS, 'overview.vi.3840.png') });
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test('no word is left in the other language, and numbers are as offices print them', async () => {
    await goto('#/overview?month=202312');
    const text = await page.locator('body').innerText();
    assert.match(text, /8\.500\.000 đồng/);
    assert.match(text, /12\/2023/);
    assert.equal(text, text.normalize('NFC'));
    assert.doesNotMatch(text, /\b(Teams|Overview|Live|Position|Digest|Money|Ceiling)\b/);
    assert.doesNotMatch(text, /\{\w+\}|undefined|NaN|\[object/);
    await by(page, 'lang-en').click();
    await until('it is English', async () => /Teams/.test(await page.locator('body').innerText()));
    const english = await page.locator('body').innerText();
    assert.doesNotMatch(english, /Tổng quan|Kinh phí|Hoạt động trong tháng|\{\w+\}|undefined|NaN/);
    await by(page, 'lang-vi').click();
  });

  test('axe finds nothing serious on any page, light or dark', async () => {
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      for (const [name, hash] of Object.entries(await pages())) {
        await goto(hash);
        await settle();
        assert.deepEqual(await seriousFaults(page), [], `${name}, ${colorScheme}`);
      }
      await goto('#/overview?month=202312');
      await settle();
      if (colorScheme === 'dark') await page.screenshot({ path: join(SCREENSHOTS, 'overview.vi.dark.png'), fullPage: true });
      if (!await by(page, 'asof-date').isVisible()) await by(page, 'asof-open').click();
      await by(page, 'asof-date').fill('11/10/2023');
      await by(page, 'asof-date-show').click();
      await untilState(page, 'past');
      assert.deepEqual(await seriousFaults(page), [], `the past, ${colorScheme}`);
      await by(page, 'asof-now').click();
      await untilState(page, 'live');
    }
    await page.emulateMedia({ colorScheme: 'light' });
  });

  test('the theme can be chosen and is kept', async () => {
    const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const seen = new Set();
    for (let i = 0; i < 3; i += 1) {
      await by(page, 'theme').click();
      seen.add(await background());
    }
    assert.equal(seen.size, 2, [...seen].join(' '));
  });

  test('the keyboard alone gets everywhere', async () => {
    await goto('#/overview?month=202312');
    await settle();
    await page.reload();
    await untilState(page, 'live');
    await settle();
    const reached = [];
    for (let i = 0; i < 120; i += 1) {
      await page.keyboard.press('Tab');
      const where = await page.evaluate(() => {
        const element = document.activeElement;
        const box = element.getBoundingClientRect();
        const style = getComputedStyle(element);
        return { test: element.dataset.test ?? '', tag: element.tagName, text: element.textContent.slice(0, 40),
          seen: box.width > 0 && box.height > 0, ring: style.outlineStyle !== 'none' || style.boxShadow !== 'none' };
      });
      if (where.tag === 'BODY') break;
      reached.push(where);
      assert.ok(where.seen, `focus is on something that is not seen: ${JSON.stringify(where)}`);
      assert.ok(where.ring, `focus is not shown: ${JSON.stringify(where)}`);
    }
    for (const name of ['lang-vi', 'lang-en', 'theme', 'print', 'logout', 'overview-month', 'map-figure', 'asof-open']) {
      assert.ok(reached.some(({ test }) => test === name), `${name} is not reached: ${reached.map(({ test, text }) => test || text).join(', ')}`);
    }
    // Into the map, along the tiles, and down.
    const tile = page.locator('[data-test^="tile-"][tabindex="0"]');
    await tile.focus();
    const first = await page.evaluate(() => document.activeElement.dataset.test);
    await page.keyboard.press('End');
    const last = await page.evaluate(() => document.activeElement.dataset.test);
    assert.notEqual(first, last);
    await page.keyboard.press('Enter');
    const commune = units.find((unit) => `tile-${unit.id}` === last);
    await until('the commune is shown', async () => (await by(page, 'overview-title').innerText()) === commune.name);
    await goto('#/overview');
  });

  test('the report prints on A4, with what it is of', async () => {
    for (const hash of ['#/overview?month=202312', '#/teams?month=202312']) {
      await goto(hash);
      await settle();
      const file = join(SCREENSHOTS, `${hash.slice(2).split('?')[0]}.pdf`);
      await page.pdf({ path: file, preferCSSPageSize: true, printBackground: true });
      const info = execFileSync('pdfinfo', [file], { encoding: 'utf8' });
      assert.match(info, /Page size:\s+59[45](\.\d+)? x 84[12](\.\d+)? pts \(A4\)/);
      const count = Number(/Pages:\s+(\d+)/.exec(info)[1]);
      const text = execFileSync('pdftotext', ['-layout', file, '-'], { encoding: 'utf8' }).normalize('NFC').split('\f').slice(0, count);
      const position = numberOf(await by(page, 'trust-position').innerText());
      const digest = await digestOf(page);
      for (const [i, sheet] of text.entries()) {
        assert.match(sheet, /Báo cáo tổ công nghệ số cộng đồng/, `page ${i + 1}`);
        assert.ok(sheet.includes(province.name), `page ${i + 1} without the area`);
        assert.ok(sheet.replace(/\./g, '').includes(String(position)), `page ${i + 1} without the position`);
        assert.ok(sheet.replace(/\s/g, '').includes(digest.slice(0, 12)), `page ${i + 1} without the digest`);
        assert.match(sheet, new RegExp(`Trang ${i + 1}/${count}`));
      }
      if (!hash.includes('teams')) continue;
      // No row is cut: each begins and ends on the same page.
      const raw = execFileSync('pdftotext', ['-raw', file, '-'], { encoding: 'utf8' }).normalize('NFC').split('\f');
      const whole = raw.map((sheet) => [...sheet.replace(/\s+/g, ' ').matchAll(/Tổ công nghệ số cộng đồng .*?\d đồng/g)].length);
      assert.equal(whole.reduce((sum, one) => sum + one, 0), 30, `${whole} rows`);
    }
  });
});
