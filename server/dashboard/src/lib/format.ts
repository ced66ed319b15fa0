// Numbers, money and dates as people read them, in the page's language. Nothing
// here depends on the browser's locale data: the same value always prints the
// same.
import {civil, dateOfInstant, ZONE_MS} from './civil';
import {lang} from './i18n';

// Digits in groups of three: 1.356 in Vietnamese, 1,356 in English.
export function count(value: bigint | number): string {
  const whole = typeof value === 'bigint' ? value : BigInt(Math.trunc(value));
  const digits = (whole < 0n ? -whole : whole).toString();
  const separator = lang.value === 'vi' ? '.' : ',';
  const grouped = digits.replace(/\B(?=(\d{3})+$)/g, separator);
  return whole < 0n ? `-${grouped}` : grouped;
}

// "2.698.500.000 đồng"; "2,698,500,000 VND". Never rounded.
export function money(value: bigint | number): string {
  return `${count(value)} ${lang.value === 'vi' ? 'đồng' : 'VND'}`;
}

const two = (value: number): string => String(value).padStart(2, '0');

// "12/10/2023" from days since 1970-01-01: day first in both languages. 0 is
// "no date" in the messages and prints as a dash.
export function date(days: number): string {
  if (days === 0) return '–';
  const {year, month, day} = civil(days);
  return `${two(day)}/${two(month)}/${year}`;
}

// "12/10/2023 14:05" in Việt Nam; with seconds when asked. 0 is a dash.
export function dateTime(ms: number | bigint, seconds = false): string {
  const instant = Number(ms);
  if (instant === 0) return '–';
  const local = new Date(instant + ZONE_MS);
  const time = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`;
  const tail = seconds ? `:${two(local.getUTCSeconds())}` : '';
  return `${date(dateOfInstant(instant))} ${time}${tail}`;
}

// "10/2023" from 202310; 0 is a dash.
export function month(value: number): string {
  return value === 0 ? '–' : `${two(value % 100)}/${Math.floor(value / 100)}`;
}

// `part` of `whole` with one decimal, "97,5%"; a dash for a part of nothing.
// Rounded half up, except that what is not all never prints as 100%, and what
// is not nothing never as 0%.
export function percent(part: number | bigint, whole: number | bigint): string {
  const a = BigInt(part);
  const b = BigInt(whole);
  if (b === 0n) return '–';
  let tenths = (a * 2000n + b) / (b * 2n);
  if (a < b && tenths >= 1000n) tenths = 999n;
  if (a > 0n && tenths === 0n) tenths = 1n;
  const point = lang.value === 'vi' ? ',' : '.';
  const fraction = tenths % 10n;
  return `${count(tenths / 10n)}${fraction === 0n ? '' : `${point}${fraction}`}%`;
}
