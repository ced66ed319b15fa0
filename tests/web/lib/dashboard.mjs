// The dashboard as a person uses it: what it shows, in its own words.
import assert from 'node:assert/strict';
import { by, logIn, numberOf, untilState } from './browser.mjs';
import { policy } from './protos.mjs';
import { until } from './wait.mjs';

export const STATES = ['PAID', 'APPROVED', 'VERIFIED', 'PROVISIONAL', 'COVERED_UNFUNDED', 'HELD', 'REJECTED', 'NOT_COVERED'];
const FIGURES = { teams: 'teams', active: 'active', quiet: 'quiet', 'not-reported': 'notReported',
  'phones-silent': 'phonesSilent', 'never-synced': 'neverSynced' };

// Units of a server as of now: by level, by name.
export async function unitsOf(server) {
  const { units } = await server.thon('units', 'list');
  return units.map((unit) => ({ id: BigInt(unit.unit_id), level: unit.level, name: unit.names.at(-1).name,
    code: unit.names.at(-1).code, parent: BigInt(unit.parents.at(-1)?.unit_id ?? 0) }));
}

// Opens the page of an officer whose grant is of one unit: live when it returns.
export async function openAs(browser, server, { officer, role = 'officer', unitCode, base } = {}) {
  await server.officer(officer, role, unitCode);
  const page = await logIn(browser, server, { officer, base });
  await untilState(page, 'live');
  return page;
}

export const positionOf = async (page) => BigInt(await by(page, 'trust-position').getAttribute('data-position'));
export const digestOf = (page) => by(page, 'trust-digest').getAttribute('data-digest');
export const stateOf = (page) => by(page, 'trust-state').getAttribute('data-state');

// Until the page shows a position at least so far.
export async function untilPosition(page, position) {
  await until(`the page is at ${position}`, async () => await positionOf(page) >= position && ['live', 'past'].includes(await stateOf(page)));
}

// The main figures that are printed on the overview, read as text, in Vietnamese.
export async function shownFigures(page) {
  const shown = {};
  for (const [name, key] of Object.entries(FIGURES)) {
    shown[key] = Number(numberOf(await by(page, `overview-figure-${name}`).innerText()));
  }
  shown.money = {};
  for (const state of STATES) {
    const text = await by(page, `overview-figure-money-${state}`).innerText();
    const [, amount] = /([\d.]+) đồng/.exec(text);
    const [, cases] = /([\d.]+) suất/.exec(text);
    shown.money[state] = { amount: numberOf(amount), count: Number(numberOf(cases)) };
  }
  return shown;
}

// Figures of truth.mjs in the form of shownFigures().
export function asShown(figures) {
  const { money, ...rest } = figures;
  return { ...rest, money: Object.fromEntries(STATES.map((name) =>
    [name, money.get(policy.DeterminationState[name]) ?? { amount: 0n, count: 0 }])) };
}

// Retried as long as the page is on its way to the figures.
export async function expectFigures(page, wanted, what) {
  const same = async () => {
    assert.deepEqual(await shownFigures(page), wanted, what);
    return true;
  };
  await until(what, same, 10_000).catch(same);
}
