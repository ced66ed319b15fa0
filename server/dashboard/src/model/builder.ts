// Makes a Model of each moment from what the steps of a watch changed.
import type {TeamRow, UnitRow} from '../gen/thon/v1/rows_pb';
import {QUERY} from '../live/queries';
import {compareVi} from '../lib/text';
import {
  decodeDetermination,
  decodeEvent,
  decodeFunding,
  decodeMonth,
  decodeOrganisation,
  decodePhone,
  decodePolicy,
  decodeTeamRow,
  decodeUnitRow,
  teamChanges,
  teamOn,
  unitChanges,
  unitOn,
} from './decode';
import {type Decoded, GroupTable} from './group_table';
import {
  type DeterminationView,
  emptyModel,
  type EventView,
  type FundingView,
  type Model,
  type Organisation,
  type Phone,
  type PolicyView,
  type Team,
  type TeamMonthView,
  type Unit,
} from './model';

// A step's changes of one table: the rows by key; undefined is a removal.
export interface RowChange {
  readonly queryId: number;
  readonly cleared: boolean;
  readonly rows: Iterable<readonly [string, Uint8Array | undefined]>;
}

// The moment that the tables are of.
export interface Moment {
  readonly position: bigint;
  readonly serverTimeMs: number;
  readonly localDate: number;
}

function compareBigint(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function comparePolicies(a: PolicyView, b: PolicyView): number {
  return compareText(a.id, b.id) || a.version - b.version;
}

export function compareFundings(a: FundingView, b: FundingView): number {
  return (
    compareText(a.policyId, b.policyId) ||
    a.firstMonth - b.firstMonth ||
    compareText(a.number, b.number)
  );
}

function monthMap(values: TeamMonthView[]): ReadonlyMap<number, TeamMonthView> {
  return new Map(values.sort((a, b) => a.month - b.month).map((value) => [value.month, value]));
}

function byMonth(values: DeterminationView[]): readonly DeterminationView[] {
  return values.sort((a, b) => a.month - b.month || compareText(a.policyId, b.policyId));
}

// What a table of the watch does with its rows.
interface Target {
  clear(): void;
  set(key: string, row: Uint8Array): void;
  remove(key: string): void;
}

function target<V, G>(
  table: GroupTable<V, G>,
  decode: (row: Uint8Array) => Decoded<V>,
): Target {
  return {
    clear: () => table.clear(),
    set: (key, row) => table.set(key, decode(row)),
    remove: (key) => table.remove(key),
  };
}

export class ModelBuilder {
  private date = 0;
  private readonly units = new GroupTable<UnitRow, Unit>((rows) => unitOn(rows[0], this.date));
  private readonly teams = new GroupTable<TeamRow, Team>((rows) => teamOn(rows[0], this.date));
  private readonly months = new GroupTable(monthMap);
  private readonly ofTeams = new GroupTable(byMonth);
  private readonly ofOrganisations = new GroupTable(byMonth);
  private readonly phones = new GroupTable<Phone, readonly Phone[]>((phones) =>
    phones.sort((a, b) => compareText(a.author, b.author)),
  );
  private readonly organisations = new GroupTable<Organisation, Organisation>((rows) => rows[0]);
  private readonly policies = new GroupTable<PolicyView, readonly PolicyView[]>((rows) =>
    rows.sort(comparePolicies),
  );
  private readonly fundings = new GroupTable<FundingView, readonly FundingView[]>((rows) =>
    rows.sort(compareFundings),
  );
  private readonly events = new GroupTable<EventView, readonly EventView[]>((rows) =>
    rows.sort((a, b) => compareBigint(b.position, a.position)),
  );
  private readonly targets: ReadonlyMap<number, Target> = new Map([
    [QUERY.units, target(this.units, decodeUnitRow)],
    [QUERY.teams, target(this.teams, decodeTeamRow)],
    [QUERY.months, target(this.months, decodeMonth)],
    [QUERY.determinations, this.determinationTarget()],
    [QUERY.health, target(this.phones, decodePhone)],
    [QUERY.policies, target(this.policies, decodePolicy)],
    [QUERY.fundings, target(this.fundings, decodeFunding)],
    [QUERY.organisations, target(this.organisations, decodeOrganisation)],
    [QUERY.events, target(this.events, decodeEvent)],
  ]);
  private model: Model;

  constructor(scope: bigint) {
    this.model = {...emptyModel, scope};
  }

  // Takes a table's changes. A row that does not parse throws, and the builder
  // is not to be used afterwards.
  absorb({queryId, cleared, rows}: RowChange): void {
    const table = this.targets.get(queryId);
    if (!table) return;
    if (cleared) table.clear();
    for (const [key, row] of rows) {
      if (row) {
        table.set(key, row);
      } else {
        table.remove(key);
      }
    }
  }

  // The model of `moment`. Requires: whole steps up to there were absorbed.
  publish(moment: Moment, firstMonth: number): Model {
    this.turnTo(moment.localDate);
    this.model = this.modelOf(moment, firstMonth);
    return this.model;
  }

  private determinationTarget(): Target {
    // A determination's key never changes its kind, but removing it does not
    // say which it had.
    return {
      clear: () => {
        this.ofTeams.clear();
        this.ofOrganisations.clear();
      },
      set: (key, row) => {
        const decoded = decodeDetermination(row);
        const table = decoded.value.kind === 'team' ? this.ofTeams : this.ofOrganisations;
        table.set(key, decoded);
      },
      remove: (key) => {
        this.ofTeams.remove(key);
        this.ofOrganisations.remove(key);
      },
    };
  }

  // Names, places and suspensions are those of the day.
  private turnTo(date: number): void {
    if (date === this.date) return;
    this.date = date;
    this.units.touch(unitChanges);
    this.teams.touch(teamChanges);
  }

  private modelOf(moment: Moment, firstMonth: number): Model {
    const before = this.model;
    const units = this.units.publish();
    const teams = this.teams.publish();
    return {
      ...before,
      position: moment.position,
      serverTimeMs: moment.serverTimeMs,
      localDate: moment.localDate,
      ready: true,
      firstMonth,
      units,
      children: units === before.units ? before.children : childrenOf(units),
      teams,
      teamsByUnit: teams === before.teams ? before.teamsByUnit : teamsByUnit(teams),
      months: this.months.publish(),
      determinations: this.ofTeams.publish(),
      orgs: this.organisations.publish(),
      orgDeterminations: this.ofOrganisations.publish(),
      phones: this.phones.publish(),
      policies: this.policies.publish().get(0n) ?? emptyModel.policies,
      fundings: this.fundings.publish().get(0n) ?? emptyModel.fundings,
      events: this.events.publish().get(0n) ?? emptyModel.events,
    };
  }
}

function childrenOf(units: ReadonlyMap<bigint, Unit>): ReadonlyMap<bigint, readonly Unit[]> {
  const children = new Map<bigint, Unit[]>();
  for (const unit of units.values()) {
    const siblings = children.get(unit.parent);
    if (siblings) {
      siblings.push(unit);
    } else {
      children.set(unit.parent, [unit]);
    }
  }
  for (const siblings of children.values()) {
    siblings.sort((a, b) => compareVi(a.name, b.name) || compareBigint(a.id, b.id));
  }
  return children;
}

function teamsByUnit(teams: ReadonlyMap<bigint, Team>): ReadonlyMap<bigint, readonly bigint[]> {
  const byUnit = new Map<bigint, Team[]>();
  for (const team of teams.values()) {
    const others = byUnit.get(team.unit);
    if (others) {
      others.push(team);
    } else {
      byUnit.set(team.unit, [team]);
    }
  }
  const ids = new Map<bigint, readonly bigint[]>();
  for (const [unit, list] of byUnit) {
    list.sort((a, b) => compareVi(a.name, b.name) || compareBigint(a.id, b.id));
    ids.set(
      unit,
      list.map((team) => team.id),
    );
  }
  return ids;
}
