// The lines of the teams table: which teams, in which order, and what is said
// of each. Pure; the page around it draws them.
//
// A line is made anew only when what it shows has changed, so that a table of
// 20,000 teams costs little at each step of the stream.
import {dateOfInstant, firstDay, lastDay, monthOf} from '../lib/civil';
import {fold} from '../lib/text';
import {currentMonth, teamState, type TeamState} from '../model/aggregate';
import {
  DeterminationState,
  type DeterminationView,
  type Model,
  type Phone,
  type Team,
  type TeamMonthView,
  type Unit,
} from '../model/model';

// Filters by state, as they stand in Route.filter; several are joined by commas
// and must all hold. A filter by money is "money-" and the name of its state.
export const STATE_FILTERS = [
  'active',
  'quiet',
  'not-reported',
  'never-synced',
  'phones-silent',
  'held',
  'suspended',
] as const;
export type StateFilter = (typeof STATE_FILTERS)[number];

export const MONEY_STATES = [
  'NOT_COVERED',
  'REJECTED',
  'HELD',
  'COVERED_UNFUNDED',
  'PROVISIONAL',
  'VERIFIED',
  'APPROVED',
  'PAID',
] as const;
export type MoneyState = (typeof MONEY_STATES)[number];

// The call list in Route.filter: a list of its own, not a filter of the table.
export const CALLS = 'calls';

export interface TeamLine {
  readonly id: bigint;
  readonly name: string;
  // Where it stands, nearest first; without a unit that the name names already.
  readonly place: string;
  readonly haystack: string; // folded, for the search
  readonly exists: boolean; // on the model's day
  readonly ended: boolean; // before it
  readonly active: boolean; // an active day in the month
  readonly quiet: boolean; // 14 days and more; of a past month: no active day
  readonly notReported: boolean; // no monthly update for the month
  readonly neverSynced: boolean;
  readonly neverActive: boolean;
  readonly phonesSilent: boolean;
  readonly suspended: boolean;
  readonly held: number; // activities of the month that are held
  readonly anyHeld: boolean; // in any month watched
  readonly heldMonths: readonly number[]; // months whose money is held
  readonly days: number;
  readonly activities: number;
  readonly people: number;
  readonly lastActive: number; // day; 0 if none in the months watched
  readonly watchedSince: number; // the first month in which its activity is known
  readonly lastHeard: number; // ms; 0 if never
  readonly updateDate: number;
  readonly updateConfirmed: boolean;
  readonly money: MoneyState | undefined; // of the month; of several policies the furthest
  readonly moneyStates: readonly MoneyState[]; // of every policy
  readonly amount: bigint;
}

export const COLUMNS = [
  'name',
  'place',
  'state',
  'days',
  'activities',
  'people',
  'lastActive',
  'lastHeard',
  'update',
  'held',
  'money',
  'amount',
] as const;
export const CALL_COLUMNS = ['name', 'place', 'who', 'why', 'lastActive', 'lastHeard'] as const;
export type Column = (typeof COLUMNS)[number] | (typeof CALL_COLUMNS)[number];

export interface Filters {
  readonly state: StateFilter | undefined;
  readonly money: MoneyState | undefined;
  readonly calls: boolean;
}

// What is not known is left out.
export function parseFilter(filter: string): Filters {
  const parts = filter.split(',');
  const money = parts.find((part) => part.startsWith('money-'))?.slice('money-'.length);
  return {
    state: STATE_FILTERS.find((known) => parts.includes(known)),
    money: MONEY_STATES.find((known) => known === money),
    calls: parts.includes(CALLS),
  };
}

export function formatFilter(filters: Filters): string {
  const parts: string[] = [];
  if (filters.calls) parts.push(CALLS);
  if (filters.state !== undefined) parts.push(filters.state);
  if (filters.money !== undefined) parts.push(`money-${filters.money}`);
  return parts.join(',');
}

export function moneyName(state: DeterminationState): MoneyState | undefined {
  return MONEY_STATES[state - 1];
}

interface Entry {
  readonly team: Team;
  readonly months: ReadonlyMap<number, TeamMonthView> | undefined;
  readonly determinations: readonly DeterminationView[] | undefined;
  readonly phones: readonly Phone[] | undefined;
  readonly line: TeamLine;
}

// Lines of a scope, kept between the steps of its stream.
export class TeamLines {
  private entries = new Map<bigint, Entry>();
  private month = 0;
  private today = 0;
  private units: Model['units'] | undefined;
  private places = new Map<bigint, string>();

  // Lines of the teams that exist in `month`, 0 for the current one; in no
  // order.
  of(model: Model, wanted: number): TeamLine[] {
    const month = wanted === 0 ? currentMonth(model) : wanted;
    if (month !== this.month || model.localDate !== this.today || model.units !== this.units) {
      // Everything may read otherwise.
      this.entries = new Map();
      this.places = new Map();
      this.month = month;
      this.today = model.localDate;
      this.units = model.units;
    }
    const lines: TeamLine[] = [];
    const first = firstDay(month);
    const last = lastDay(month);
    for (const team of model.teams.values()) {
      if (!existsBetween(team, first, last)) continue;
      lines.push(this.line(model, team, month));
    }
    return lines;
  }

  private line(model: Model, team: Team, month: number): TeamLine {
    const months = model.months.get(team.id);
    const determinations = model.determinations.get(team.id);
    const phones = model.phones.get(team.id);
    const known = this.entries.get(team.id);
    if (
      known !== undefined &&
      known.team === team &&
      known.months === months &&
      known.determinations === determinations &&
      known.phones === phones
    ) {
      return known.line;
    }
    const line = makeLine(model, team, month, this.place(model, team.unit));
    this.entries.set(team.id, {team, months, determinations, phones, line});
    return line;
  }

  private place(model: Model, unit: bigint): string {
    let place = this.places.get(unit);
    if (place === undefined) {
      place = placeOf(model, unit);
      this.places.set(unit, place);
    }
    return place;
  }
}

// Whether the team exists on a day of the month. The overview counts the same.
export function existsIn(team: Team, month: number): boolean {
  return existsBetween(team, firstDay(month), lastDay(month));
}

function existsBetween(team: Team, first: number, last: number): boolean {
  return team.foundedDate <= last && (team.endedDate === 0 || team.endedDate > first);
}

// "Thôn Nà Xá, xã Vĩnh Kiên, huyện Yên Bình": the unit and what is above it, up
// to but without the scope's root and the province.
export function placeOf(model: Model, unit: bigint): string {
  const names: string[] = [];
  const seen = new Set<bigint>();
  for (let at: Unit | undefined = model.units.get(unit); at !== undefined && !seen.has(at.id); at = model.units.get(at.parent)) {
    seen.add(at.id);
    if (names.length > 0 && (at.id === model.scope || at.level === 'province')) break;
    names.push(at.name);
  }
  return names.join(', ');
}

// "Tổ ... thôn Nà Xá" need not be told to stand in Thôn Nà Xá.
function shortPlace(name: string, place: string): string {
  const comma = place.indexOf(', ');
  const named = comma > 0 && name.toLowerCase().includes(place.slice(0, comma).toLowerCase());
  return named ? place.slice(comma + 2) : place;
}

function makeLine(model: Model, team: Team, month: number, place: string): TeamLine {
  const state: TeamState = teamState(model, team.id);
  const view = model.months.get(team.id)?.get(month);
  const active = (view?.activeDays ?? 0) > 0;
  const current = month === currentMonth(model);
  const determinations = model.determinations.get(team.id) ?? [];
  const ofMonth = determinations.filter((one) => one.month === month);
  const states = ofMonth.map((one) => moneyName(one.state)).filter((one) => one !== undefined);
  const exists = team.foundedDate <= model.localDate && (team.endedDate === 0 || team.endedDate > model.localDate);
  const furthest = Math.max(-1, ...states.map((one) => MONEY_STATES.indexOf(one)));
  return {
    id: team.id,
    name: team.name,
    place: shortPlace(team.name, place),
    haystack: fold(`${team.name} ${place}`),
    exists,
    ended: team.endedDate !== 0 && team.endedDate <= model.localDate,
    active,
    quiet: current ? state.quiet14 : !active,
    notReported: (view?.updateDate ?? 0) === 0,
    neverSynced: exists && state.neverSynced,
    neverActive: state.neverActive,
    phonesSilent: exists && state.phoneSilent,
    suspended: team.suspended,
    held: view?.held ?? 0,
    // Of an event between two months each has it as held, so that a sum over
    // months would say too many.
    anyHeld: state.held > 0,
    heldMonths: determinations.filter((one) => one.state === DeterminationState.HELD).map((one) => one.month),
    days: view?.activeDays ?? 0,
    activities: view?.activities ?? 0,
    people: view?.peopleReached ?? 0,
    lastActive: state.lastActiveDate,
    watchedSince: Math.max(model.firstMonth, monthOf(team.foundedDate)),
    lastHeard: state.lastHeardMs,
    updateDate: view?.updateDate ?? 0,
    updateConfirmed: view?.updateConfirmed ?? false,
    money: MONEY_STATES[furthest],
    moneyStates: states,
    amount: ofMonth.reduce((sum, one) => sum + one.amount, 0n),
  };
}

// Whether the filter finds the line.
export function hasState(line: TeamLine, filter: StateFilter): boolean {
  switch (filter) {
    case 'active':
      return line.active;
    case 'quiet':
      return line.quiet;
    case 'not-reported':
      return line.notReported;
    case 'never-synced':
      return line.neverSynced;
    case 'phones-silent':
      return line.phonesSilent;
    case 'held':
      return line.anyHeld || line.heldMonths.length > 0;
    case 'suspended':
      return line.suspended;
  }
}

// A reason to phone a team, in the order of the list.
export type CallReason =
  | {readonly kind: 'neverSynced'}
  | {readonly kind: 'phonesSilent'; readonly days: number; readonly date: number}
  | {readonly kind: 'neverActive'; readonly since: number}
  | {readonly kind: 'quiet'; readonly days: number; readonly date: number}
  | {readonly kind: 'heldEvents'}
  | {readonly kind: 'heldMonth'; readonly month: number};

// Why the team is on the call list as of `today`; empty: it is not. A suspended
// team may be quiet; what it has held still needs somebody. Needs a line of the
// current month.
export function callReasons(line: TeamLine, today: number): CallReason[] {
  const reasons: CallReason[] = [];
  if (!line.exists) return reasons;
  if (!line.suspended) {
    if (line.neverSynced) {
      reasons.push({kind: 'neverSynced'});
    } else if (line.phonesSilent) {
      const date = dateOfInstant(line.lastHeard);
      reasons.push({kind: 'phonesSilent', days: today - date, date});
    }
    if (line.quiet && line.lastActive !== 0) {
      reasons.push({kind: 'quiet', days: today - line.lastActive, date: line.lastActive});
    } else if (line.quiet && !line.neverSynced) {
      reasons.push({kind: 'neverActive', since: line.watchedSince});
    }
  }
  if (line.anyHeld) reasons.push({kind: 'heldEvents'});
  for (const month of new Set(line.heldMonths)) reasons.push({kind: 'heldMonth', month});
  return reasons;
}
