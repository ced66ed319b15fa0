// Figures of an area from a model: pure functions.
//
// The days here are the model's own: `localDate`, the last day opened. So a
// figure is the same on every computer and for every moment of the past.
import {addMonths, dateOfInstant, firstDay, isWithin, lastDay, monthOf} from '../lib/civil';
import {
  DeterminationState,
  type DeterminationView,
  type Model,
  type Phone,
  type Team,
  type TeamMonthView,
  type Unit,
} from './model';

// Days without a report after which a team is called quiet, and without a
// message after which its phones are.
export const QUIET_DAYS = 14;

export interface TeamState {
  // The last day with an activity that counts, in the months watched; 0 if none.
  readonly lastActiveDate: number;
  // No such day among the last 14, today included. Not said of a team that is
  // suspended today or that has not existed for 14 days.
  readonly quiet14: boolean;
  // No such day in the months watched.
  readonly neverActive: boolean;
  readonly activeThisMonth: boolean;
  // A monthly update of the current month, and of the last complete one.
  readonly reportedThisMonth: boolean;
  readonly reportedLastMonth: boolean;
  // No phone of it was ever heard.
  readonly neverSynced: boolean;
  // One was heard once, but none in the last 14 days.
  readonly phoneSilent: boolean;
  readonly lastHeardMs: number; // 0: never
  // Activities that are held, in the months watched.
  readonly held: number;
  // Determinations that are HELD, in the months watched.
  readonly heldMonths: number;
}

export interface MoneySum {
  readonly count: number; // team-months and organisation-months
  readonly amount: bigint;
}

export interface Figures {
  readonly month: number;
  // Teams that exist on a day of the month, where they stand today.
  readonly teams: number;
  // Of these: with a day of activity in the month.
  readonly active: number;
  // Of the current month: quiet for 14 days (TeamState). Of a month that is
  // over: without a day of activity in it.
  readonly quiet: number;
  // Without a monthly update of the month.
  readonly notReported: number;
  // Of the teams of today, whatever the month (TeamState).
  readonly phonesSilent: number;
  readonly neverSynced: number;
  // The month's determinations of teams and organisations.
  readonly moneyByState: ReadonlyMap<DeterminationState, MoneySum>;
  // Owed: PROVISIONAL and later.
  readonly amount: bigint;
  // Of the funding decisions that cover the month, of policies issued by the
  // unit or by one below it; for all months of each decision together.
  readonly ceiling: bigint;
  // What these policies owe for the months of these decisions; undefined if not
  // all of the months are watched.
  readonly ceilingUsed: bigint | undefined;
}

export interface Overview extends Figures {
  // Of the month before, to compare with; undefined if it is not watched. Beside
  // the current month its `quiet` means the same as there: quiet for 14 days, on
  // the last day of the month before.
  readonly change: Figures | undefined;
}

export interface ChildOverview {
  readonly unit: Unit;
  readonly overview: Overview;
}

export interface MonthPoint {
  readonly month: number;
  readonly active: number;
  readonly teams: number;
  readonly activities: number;
  readonly peopleReached: number;
  readonly amount: bigint; // owed: PROVISIONAL and later
  readonly reported: number; // teams with a monthly update
}

// The month that the model's day is in; 0 before the first snapshot.
export function currentMonth(model: Model): number {
  return model.ready ? monthOf(model.localDate) : 0;
}

export function previousMonth(month: number): number {
  return addMonths(month, -1);
}

// The unit that 0n stands for.
export function rootOf(model: Model, unit: bigint): bigint {
  return unit === 0n ? model.scope : unit;
}

// From the scope's root down to `unit`; empty if it is not in the scope.
export function path(model: Model, unit: bigint): Unit[] {
  const units: Unit[] = [];
  let at = model.units.get(rootOf(model, unit));
  // A map with a circle would be a fault of the server, not a reason to hang.
  while (at && units.length < 8) {
    units.unshift(at);
    if (at.id === model.scope) return units;
    at = model.units.get(at.parent);
  }
  return model.units.has(model.scope) ? [] : units;
}

// The unit and everything below it.
export function unitsBelow(model: Model, unit: bigint): bigint[] {
  const found = [rootOf(model, unit)];
  const seen = new Set(found);
  for (let i = 0; i < found.length; ++i) {
    for (const child of model.children.get(found[i]) ?? []) {
      if (seen.has(child.id)) continue;
      seen.add(child.id);
      found.push(child.id);
    }
  }
  return found;
}

type TeamLists = Map<bigint, readonly bigint[]>;
const teamLists = new WeakMap<Model['children'], WeakMap<Model['teamsByUnit'], TeamLists>>();

// The teams that stand on the unit or below it today. Kept as long as the map
// and the teams stay the same.
export function teamsBelow(model: Model, unit: bigint): readonly bigint[] {
  let ofTeams = teamLists.get(model.children);
  if (!ofTeams) teamLists.set(model.children, (ofTeams = new WeakMap()));
  let lists = ofTeams.get(model.teamsByUnit);
  if (!lists) ofTeams.set(model.teamsByUnit, (lists = new Map()));
  const root = rootOf(model, unit);
  let teams = lists.get(root);
  if (!teams) {
    teams = unitsBelow(model, root).flatMap((id) => model.teamsByUnit.get(id) ?? []);
    lists.set(root, teams);
  }
  return teams;
}

function existsIn(team: Team, from: number, to: number): boolean {
  return team.foundedDate <= to && (team.endedDate === 0 || team.endedDate > from);
}

// 0 if none.
function lastActiveDate(months: Iterable<TeamMonthView>): number {
  let last = 0;
  for (const {month, activeDayBits} of months) {
    if (activeDayBits === 0) continue;
    last = Math.max(last, firstDay(month) + 31 - Math.clz32(activeDayBits));
  }
  return last;
}

// Whether a team that was active last on `last` is quiet on `date`, on which it
// is not suspended (TeamState).
function isQuietOn(team: Team, last: number, date: number): boolean {
  return (
    team.foundedDate <= date - QUIET_DAYS + 1 &&
    existsIn(team, date, date) &&
    last <= date - QUIET_DAYS
  );
}

// What a team's state was made from, and the state.
interface Known {
  readonly today: number;
  readonly months: ReadonlyMap<number, TeamMonthView> | undefined;
  readonly phones: readonly Phone[] | undefined;
  readonly determinations: readonly DeterminationView[] | undefined;
  readonly state: TeamState;
}

const known = new WeakMap<Team, Known>();

// How a team stands on the model's day. Made anew only when something of the
// team has changed, so it can be asked for all teams at each step.
export function teamState(model: Model, id: bigint): TeamState {
  const today = model.localDate;
  const team = model.teams.get(id);
  const months = model.months.get(id);
  const phones = model.phones.get(id);
  const determinations = model.determinations.get(id);
  const before = team && known.get(team);
  if (
    before &&
    before.today === today &&
    before.months === months &&
    before.phones === phones &&
    before.determinations === determinations
  ) {
    return before.state;
  }
  const state = stateOf(today, team, months, phones ?? [], determinations ?? []);
  if (team) known.set(team, {today, months, phones, determinations, state});
  return state;
}

function stateOf(
  today: number,
  team: Team | undefined,
  months: ReadonlyMap<number, TeamMonthView> | undefined,
  phones: readonly Phone[],
  determinations: readonly DeterminationView[],
): TeamState {
  const month = monthOf(today);
  const last = lastActiveDate(months?.values() ?? []);
  let lastHeardMs = 0;
  for (const phone of phones) lastHeardMs = Math.max(lastHeardMs, phone.lastHeardMs);
  let held = 0;
  for (const view of months?.values() ?? []) held += view.held;
  return {
    lastActiveDate: last,
    quiet14: team !== undefined && !team.suspended && isQuietOn(team, last, today),
    neverActive: last === 0,
    activeThisMonth: (months?.get(month)?.activeDays ?? 0) > 0,
    reportedThisMonth: (months?.get(month)?.updateDate ?? 0) !== 0,
    reportedLastMonth: (months?.get(addMonths(month, -1))?.updateDate ?? 0) !== 0,
    neverSynced: lastHeardMs === 0,
    phoneSilent: lastHeardMs !== 0 && dateOfInstant(lastHeardMs) <= today - QUIET_DAYS,
    lastHeardMs,
    held,
    heldMonths: determinations.filter(({state}) => state === DeterminationState.HELD).length,
  };
}

function isOwed(state: DeterminationState): boolean {
  return state >= DeterminationState.PROVISIONAL;
}

// The determinations of all teams and organisations of an area.
function* determinationsBelow(model: Model, unit: bigint): Generator<DeterminationView> {
  for (const team of teamsBelow(model, unit)) yield* model.determinations.get(team) ?? [];
  if (model.orgs.size === 0) return;
  const units = new Set(unitsBelow(model, unit));
  for (const organisation of model.orgs.values()) {
    if (!units.has(organisation.unit)) continue;
    yield* model.orgDeterminations.get(organisation.id) ?? [];
  }
}

function ceilings(
  model: Model,
  unit: bigint,
  month: number,
): Pick<Figures, 'ceiling' | 'ceilingUsed'> {
  const units = new Set(unitsBelow(model, unit));
  // The area's root may lie below what issues the policy: its ceilings are not
  // this area's.
  const issued = new Set(
    model.policies.filter((policy) => units.has(policy.issuer)).map((policy) => policy.id),
  );
  const fundings = model.fundings.filter(
    (funding) =>
      issued.has(funding.policyId) && funding.firstMonth <= month && month <= funding.lastMonth,
  );
  let ceiling = 0n;
  for (const funding of fundings) ceiling += funding.ceiling;
  if (fundings.some((funding) => funding.firstMonth < model.firstMonth)) {
    return {ceiling, ceilingUsed: undefined};
  }
  let ceilingUsed = 0n;
  if (fundings.length > 0) {
    for (const {policyId, month: of, state, amount} of determinationsBelow(model, unit)) {
      if (!isOwed(state)) continue;
      const covered = fundings.some(
        (funding) =>
          funding.policyId === policyId && funding.firstMonth <= of && of <= funding.lastMonth,
      );
      if (covered) ceilingUsed += amount;
    }
  }
  return {ceiling, ceilingUsed};
}

// `shown`: the month whose figures these are, or are compared with; it decides
// what `quiet` means.
function figures(model: Model, unit: bigint, month: number, shown: number): Figures {
  const current = currentMonth(model);
  const from = firstDay(month);
  const to = lastDay(month);
  let teams = 0;
  let active = 0;
  let quiet = 0;
  let notReported = 0;
  let phonesSilent = 0;
  let neverSynced = 0;
  for (const id of teamsBelow(model, unit)) {
    const team = model.teams.get(id);
    if (!team) continue;
    const state = teamState(model, id);
    if (existsIn(team, model.localDate, model.localDate)) {
      if (state.phoneSilent) ++phonesSilent;
      if (state.neverSynced) ++neverSynced;
    }
    if (!existsIn(team, from, to)) continue;
    ++teams;
    const view = model.months.get(id)?.get(month);
    const wasActive = view !== undefined && view.activeDays > 0;
    if (wasActive) ++active;
    // The last 14 days of a month are all its own.
    const isQuiet =
      shown !== current ? !wasActive
      : month === current ? state.quiet14
      : !isWithin(team.suspensions, to) && isQuietOn(team, lastActiveDate(view ? [view] : []), to);
    if (isQuiet) ++quiet;
    if (!view || view.updateDate === 0) ++notReported;
  }
  const moneyByState = new Map<DeterminationState, MoneySum>();
  let amount = 0n;
  for (const determination of determinationsBelow(model, unit)) {
    if (determination.month !== month) continue;
    const sum = moneyByState.get(determination.state) ?? {count: 0, amount: 0n};
    moneyByState.set(determination.state, {
      count: sum.count + 1,
      amount: sum.amount + determination.amount,
    });
    if (isOwed(determination.state)) amount += determination.amount;
  }
  return {
    month,
    teams,
    active,
    quiet,
    notReported,
    phonesSilent,
    neverSynced,
    moneyByState,
    amount,
    ...ceilings(model, unit, month),
  };
}

// The figures of an area for a month; 0 for the current one.
export function overview(model: Model, unit: bigint, month: number): Overview {
  const wanted = month === 0 ? currentMonth(model) : month;
  const before = addMonths(wanted, -1);
  return {
    ...figures(model, unit, wanted, wanted),
    change: before >= model.firstMonth ? figures(model, unit, before, wanted) : undefined,
  };
}

// The same for each unit right below `unit`, in the order of their names.
export function byChild(model: Model, unit: bigint, month: number): ChildOverview[] {
  return (model.children.get(rootOf(model, unit)) ?? []).map((child) => ({
    unit: child,
    overview: overview(model, child.id, month),
  }));
}

// A series over `months`, in their order.
export function byMonth(model: Model, unit: bigint, months: readonly number[]): MonthPoint[] {
  const amounts = new Map<number, bigint>();
  for (const {month, state, amount} of determinationsBelow(model, unit)) {
    if (isOwed(state)) amounts.set(month, (amounts.get(month) ?? 0n) + amount);
  }
  const teams = teamsBelow(model, unit);
  return months.map((month) => {
    const from = firstDay(month);
    const to = lastDay(month);
    const point = {teams: 0, active: 0, activities: 0, peopleReached: 0, reported: 0};
    for (const id of teams) {
      const team = model.teams.get(id);
      if (!team || !existsIn(team, from, to)) continue;
      ++point.teams;
      const view = model.months.get(id)?.get(month);
      if (!view) continue;
      if (view.activeDays > 0) ++point.active;
      if (view.updateDate !== 0) ++point.reported;
      point.activities += view.activities;
      point.peopleReached += view.peopleReached;
    }
    return {month, ...point, amount: amounts.get(month) ?? 0n};
  });
}
