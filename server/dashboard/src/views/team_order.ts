// Which lines the teams table shows, and in which order. Pure.
import {compareVi, fold, matchesFolded} from '../lib/text';
import {teamsBelow} from '../model/aggregate';
import type {Model} from '../model/model';
import {
  CALL_COLUMNS,
  callReasons,
  COLUMNS,
  hasState,
  MONEY_STATES,
  parseFilter,
  type Column,
  type TeamLine,
} from './team_rows';

export interface Query {
  readonly unit: bigint; // 0n: all of the scope
  readonly filter: string;
  readonly q: string;
  readonly sort: string; // a column's name; with a minus before it, descending
}

export interface Sort {
  readonly column: Column;
  readonly descending: boolean;
}

// What `sort` says; by name if it says nothing that can be sorted by.
export function parseSort(sort: string, columns: readonly Column[]): Sort {
  const descending = sort.startsWith('-');
  const name = descending ? sort.slice(1) : sort;
  const column = columns.find((known) => known === name);
  return column === undefined ? {column: columns.includes('why') ? 'why' : 'name', descending: false} : {column, descending};
}

// The sort that a press on a column's head asks for: the other way round if it
// is sorted by already. Numbers begin with the largest.
export function nextSort(current: Sort, column: Column): string {
  const first = FIRST_DESCENDING.has(column);
  const descending = current.column === column ? !current.descending : first;
  return descending ? `-${column}` : column;
}

const FIRST_DESCENDING: ReadonlySet<Column> = new Set(['days', 'activities', 'people', 'held', 'amount', 'lastActive', 'lastHeard']);

// The more reasons and the longer the silence, the earlier in the list.
function urgency(line: TeamLine, today: number): number {
  const since = line.suspended ? 0 : line.neverSynced ? 5_000 : line.quiet ? Math.min(today - line.lastActive, 4_000) : 0;
  return callReasons(line, today).length * 10_000 + since;
}

// Places in the Vietnamese order. Comparing by it is comparing numbers; it is
// made anew only when a text comes that it does not hold.
export class Ranks {
  private places = new Map<string, number>();

  of(texts: readonly string[]): ReadonlyMap<string, number> {
    for (const text of texts) {
      if (this.places.has(text)) continue;
      this.places = new Map([...new Set(texts)].sort(compareVi).map((one, index) => [one, index]));
      break;
    }
    return this.places;
  }
}

const STATE_RANK = (line: TeamLine): number => {
  if (line.suspended) return 6;
  if (line.neverSynced) return 0;
  if (line.quiet) return 1;
  if (line.phonesSilent) return 2;
  if (line.anyHeld || line.heldMonths.length > 0) return 3;
  return line.active ? 5 : 4;
};

type Compare = (a: TeamLine, b: TeamLine) => number;

function comparison(column: Column, names: ReadonlyMap<string, number>, places: ReadonlyMap<string, number>, today: number): Compare {
  const rank = (map: ReadonlyMap<string, number>, text: string): number => map.get(text) ?? 0;
  const by = (value: (line: TeamLine) => number): Compare => (a, b) => value(a) - value(b);
  switch (column) {
    case 'name':
    case 'who':
      return by((line) => rank(names, line.name));
    case 'place':
      return by((line) => rank(places, line.place));
    case 'state':
      return by(STATE_RANK);
    case 'days':
      return by((line) => line.days);
    case 'activities':
      return by((line) => line.activities);
    case 'people':
      return by((line) => line.people);
    case 'lastActive':
      return by((line) => line.lastActive);
    case 'lastHeard':
      return by((line) => line.lastHeard);
    case 'update':
      return by((line) => (line.updateDate === 0 ? 0 : line.updateDate * 2 + (line.updateConfirmed ? 1 : 0)));
    case 'held':
      return by((line) => line.held);
    case 'money':
      return by((line) => (line.money === undefined ? -1 : MONEY_STATES.indexOf(line.money)));
    case 'amount':
      return (a, b) => (a.amount < b.amount ? -1 : a.amount > b.amount ? 1 : 0);
    case 'why':
      return by((line) => -urgency(line, today));
  }
}

// Chooses and orders lines; keeps what it learned of the order of names.
export class TeamView {
  private names = new Ranks();
  private places = new Ranks();

  // Those of `lines` that `query` asks for, in its order. Equal lines stand by
  // name, area and id, so that no two updates show them in two orders.
  select(model: Model, lines: readonly TeamLine[], query: Query): TeamLine[] {
    const filters = parseFilter(query.filter);
    const inUnit = query.unit === 0n || query.unit === model.scope ? undefined : new Set(teamsBelow(model, query.unit));
    const needle = fold(query.q);
    const chosen = lines.filter(
      (line) =>
        (inUnit === undefined || inUnit.has(line.id)) &&
        (needle === '' || matchesFolded(line.haystack, needle) || String(line.id) === needle) &&
        (!filters.calls || callReasons(line, model.localDate).length > 0) &&
        (filters.state === undefined || hasState(line, filters.state)) &&
        (filters.money === undefined || line.moneyStates.includes(filters.money)),
    );
    const sort = parseSort(query.sort, filters.calls ? CALL_COLUMNS : COLUMNS);
    // Ranks of all lines, so that a search does not make them anew.
    const names = this.names.of(lines.map((line) => line.name));
    const places = this.places.of(lines.map((line) => line.place));
    const compare = comparison(sort.column, names, places, model.localDate);
    const sign = sort.descending ? -1 : 1;
    const byName = comparison('name', names, places, model.localDate);
    const byPlace = comparison('place', names, places, model.localDate);
    return chosen.sort((a, b) => sign * compare(a, b) || byName(a, b) || byPlace(a, b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  }
}
