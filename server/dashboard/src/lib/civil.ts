// Days and months of the Gregorian calendar as the messages carry them: a date
// counts days since 01/01/1970, a month is the number YYYYMM. Local time is
// UTC+7 without daylight saving.
//
// Dates of the years 1900 to 2199 are valid, as in server/core/civil.h.

const DAY_MS = 86_400_000;
export const ZONE_MS = 7 * 3_600_000;

export interface Civil {
  year: number;
  month: number; // 1 to 12
  day: number;
}

export function civil(days: number): Civil {
  const date = new Date(days * DAY_MS);
  return {year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate()};
}

// Days from `from` to `to`, both included; `to` 0: without an end.
export interface Days {
  readonly from: number;
  readonly to: number;
}

export function isWithin(ranges: readonly Days[], date: number): boolean {
  return ranges.some(({from, to}) => from <= date && (to === 0 || date <= to));
}

// The date, or undefined if there is no such day.
export function dateOf(year: number, month: number, day: number): number | undefined {
  if (!Number.isInteger(year) || year < 1900 || year > 2199) return undefined;
  const days = Date.UTC(year, month - 1, day) / DAY_MS;
  const back = civil(days);
  return back.year === year && back.month === month && back.day === day ? days : undefined;
}

// The local day of an instant.
export function dateOfInstant(ms: number): number {
  return Math.floor((ms + ZONE_MS) / DAY_MS);
}

export function monthOf(days: number): number {
  const {year, month} = civil(days);
  return year * 100 + month;
}

export function isMonth(month: number): boolean {
  const year = Math.floor(month / 100);
  const number = month % 100;
  return Number.isInteger(month) && year >= 1900 && year <= 2199 && number >= 1 && number <= 12;
}

export function firstDay(month: number): number {
  return Date.UTC(Math.floor(month / 100), (month % 100) - 1, 1) / DAY_MS;
}

export function lastDay(month: number): number {
  return firstDay(addMonths(month, 1)) - 1;
}

export function addMonths(month: number, count: number): number {
  const index = Math.floor(month / 100) * 12 + (month % 100) - 1 + count;
  return Math.floor(index / 12) * 100 + (index % 12) + 1;
}

// From `first` to `last`, both included; none if last < first.
export function monthsFrom(first: number, last: number): number[] {
  const months: number[] = [];
  for (let month = first; month <= last; month = addMonths(month, 1)) months.push(month);
  return months;
}

// "12/10/2023", "1/6/2023": day first, always. Undefined for anything else.
export function parseDate(text: string): number | undefined {
  const match = /^\s*(\d{1,2})\/(\d{1,2})\/(\d{4})\s*$/.exec(text);
  return match ? dateOf(Number(match[3]), Number(match[2]), Number(match[1])) : undefined;
}

// "2023-10-12", as a date field of the browser gives it.
export function parseIsoDate(text: string): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  return match ? dateOf(Number(match[1]), Number(match[2]), Number(match[3])) : undefined;
}

export function isoDate(days: number): string {
  const {year, month, day} = civil(days);
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}
