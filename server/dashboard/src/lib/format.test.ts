// Goal: numbers, money, dates and percentages read as people write them in Việt
// Nam, the same in every browser.
// Method: vectors, in both languages.
import assert from 'node:assert/strict';
import {afterEach, test} from 'node:test';
import {addMonths, civil, dateOf, dateOfInstant, firstDay, isMonth, isoDate, lastDay, monthOf, monthsFrom, parseDate, parseIsoDate} from './civil';
import {count, date, dateTime, money, month, percent} from './format';
import {lang, t} from './i18n';

afterEach(() => {
  lang.value = 'vi';
});

test('money is whole đồng in groups of three', () => {
  assert.equal(money(2_698_500_000n), '2.698.500.000 đồng');
  assert.equal(money(0), '0 đồng');
  assert.equal(money(-300_000n), '-300.000 đồng');
  assert.equal(money(999), '999 đồng');
  assert.equal(money(9_007_199_254_740_993n), '9.007.199.254.740.993 đồng');
  lang.value = 'en';
  assert.equal(money(2_698_500_000n), '2,698,500,000 VND');
});

test('counts', () => {
  assert.equal(count(1356), '1.356');
  assert.equal(count(1_000_000), '1.000.000');
  lang.value = 'en';
  assert.equal(count(1356), '1,356');
});

test('dates are day first, months are month and year, in both languages', () => {
  for (const language of ['vi', 'en'] as const) {
    lang.value = language;
    assert.equal(date(19_642), '12/10/2023');
    assert.equal(date(0), '–');
    assert.equal(month(202310), '10/2023');
    assert.equal(month(0), '–');
  }
});

test('an instant is shown in Việt Nam\'s time, whatever the computer\'s zone', () => {
  const instant = Date.UTC(2023, 9, 12, 7, 5, 9);
  assert.equal(dateTime(instant), '12/10/2023 14:05');
  assert.equal(dateTime(instant, true), '12/10/2023 14:05:09');
  assert.equal(dateTime(BigInt(Date.UTC(2023, 9, 12, 17, 0))), '13/10/2023 00:00');
  assert.equal(dateTime(0), '–');
});

test('a percentage never says all or nothing when it is neither', () => {
  assert.equal(percent(1, 2), '50%');
  assert.equal(percent(1, 3), '33,3%');
  assert.equal(percent(2, 3), '66,7%');
  assert.equal(percent(9999, 10_000), '99,9%');
  assert.equal(percent(1, 100_000), '0,1%');
  assert.equal(percent(0, 5), '0%');
  assert.equal(percent(5, 5), '100%');
  assert.equal(percent(5, 4), '125%');
  assert.equal(percent(1, 0), '–');
  lang.value = 'en';
  assert.equal(percent(1, 3), '33.3%');
});

test('dates agree with the server\'s: days since 01/01/1970, leap years, both ends', () => {
  assert.equal(dateOf(1970, 1, 1), 0);
  assert.equal(dateOf(2023, 10, 12), 19_642);
  assert.equal(dateOf(2024, 2, 29), 19_782);
  assert.equal(dateOf(1900, 2, 29), undefined);
  assert.equal(dateOf(2023, 2, 29), undefined);
  assert.equal(dateOf(2023, 13, 1), undefined);
  assert.equal(dateOf(1899, 12, 31), undefined);
  assert.equal(dateOf(2200, 1, 1), undefined);
  for (let days = -25_567; days < 84_000; days += 13) {
    const {year, month: number, day} = civil(days);
    assert.equal(dateOf(year, number, day), days);
    assert.equal(parseIsoDate(isoDate(days)), days);
    assert.equal(days === 0 ? 0 : parseDate(date(days)), days);
  }
});

test('months: YYYYMM, their days, and counting over the year', () => {
  assert.equal(monthOf(19_642), 202310);
  assert.equal(firstDay(202310), 19_631);
  assert.equal(lastDay(202402), 19_782);
  assert.equal(addMonths(202312, 1), 202401);
  assert.equal(addMonths(202401, -1), 202312);
  assert.equal(addMonths(202310, -25), 202109);
  assert.deepEqual(monthsFrom(202311, 202402), [202311, 202312, 202401, 202402]);
  assert.deepEqual(monthsFrom(202402, 202311), []);
  assert.deepEqual([202300, 202313, 202312, 0].map(isMonth), [false, false, true, false]);
});

test('the local day begins at 17:00 UTC of the day before', () => {
  assert.equal(dateOfInstant(Date.UTC(2023, 9, 11, 16, 59, 59, 999)), 19_641);
  assert.equal(dateOfInstant(Date.UTC(2023, 9, 11, 17)), 19_642);
});

test('a date that is typed is day first, or none', () => {
  assert.equal(parseDate('12/10/2023'), 19_642);
  assert.equal(parseDate(' 1/6/2023 '), dateOf(2023, 6, 1));
  for (const text of ['31/02/2023', '2023-10-12', '12/10/23', '12.10.2023', '', '10/2023', '0/1/2023']) {
    assert.equal(parseDate(text), undefined, text);
  }
});

test('texts: Vietnamese first, English beside it, arguments put in', () => {
  assert.equal(t('state.live'), 'Trực tiếp');
  lang.value = 'en';
  assert.equal(t('state.live'), 'Live');
});
