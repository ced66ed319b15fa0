// The months of a team: those that the stream carries, and older ones, which are
// read when somebody asks for them.
import type {DeterminationRow, TeamMonth} from '../gen/thon/v1/rows_pb';
import {BeneficiaryKind} from '../gen/thon/v1/policy_pb';
import {addMonths} from '../lib/civil';
import type {AtParam} from '../lib/url';
import {api, options} from '../live/api';
import type {DeterminationView, Model, TeamMonthView} from '../model/model';

export interface MonthLine {
  readonly month: number;
  readonly view: TeamMonthView | undefined;
  readonly determinations: readonly DeterminationView[];
}

function linesOf(
  views: ReadonlyMap<number, TeamMonthView> | undefined,
  determinations: readonly DeterminationView[],
): MonthLine[] {
  const months = new Set([...(views?.keys() ?? []), ...determinations.map((one) => one.month)]);
  return [...months]
    .sort((a, b) => b - a)
    .map((month) => ({
      month,
      view: views?.get(month),
      determinations: determinations.filter((one) => one.month === month),
    }));
}

// The months of the stream that there is anything about, the newest first.
export function monthLines(model: Model, team: bigint): MonthLine[] {
  return linesOf(model.months.get(team), model.determinations.get(team) ?? []);
}

function viewOf(month: number, row: TeamMonth): TeamMonthView {
  return {
    month,
    activeDays: row.activeDays,
    activeDayBits: row.activeDayBits,
    activities: Number(row.activities),
    peopleReached: Number(row.peopleReached),
    updateDate: row.updateSubmittedDate,
    updateConfirmed: row.updateConfirmed,
    held: Number(row.held),
    suspect: Number(row.suspect),
  };
}

function determinationOf(row: DeterminationRow): DeterminationView[] {
  const {determination} = row;
  if (determination === undefined) return [];
  return [
    {
      policyId: row.policyId,
      kind: 'team',
      beneficiary: row.beneficiaryId,
      month: row.month,
      state: determination.state,
      amount: determination.amountVnd,
      reasons: determination.reasons,
    },
  ];
}

const PAGE = 1_000;

// The team's determinations of a policy up to `lastMonth`. Asked for by the unit
// that the team stands on: there is no call for one team's.
async function determinationsUpTo(
  policyId: string,
  team: bigint,
  unit: bigint,
  lastMonth: number,
  at: AtParam | undefined,
  signal: AbortSignal,
): Promise<DeterminationView[]> {
  const found: DeterminationView[] = [];
  let pageToken = '';
  do {
    const page = await api.query.listDeterminations(
      {policyId, rootUnitId: unit, lastMonth, pageSize: PAGE, pageToken, options: options(at)},
      {signal},
    );
    for (const row of page.rows) {
      if (row.beneficiaryKind === BeneficiaryKind.TEAM && row.beneficiaryId === team) found.push(...determinationOf(row));
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return found;
}

// The months before the first that the stream carries, the newest first.
export async function readOlderMonths(
  model: Model,
  team: bigint,
  unit: bigint,
  at: AtParam | undefined,
  signal: AbortSignal,
): Promise<MonthLine[]> {
  const lastMonth = addMonths(model.firstMonth, -1);
  const policies = [...new Set(model.policies.map((policy) => policy.id))].sort();
  const [months, ...determinations] = await Promise.all([
    api.query.listTeamMonths({teamId: team, lastMonth, options: options(at)}, {signal}),
    ...policies.map((policyId) => determinationsUpTo(policyId, team, unit, lastMonth, at, signal)),
  ]);
  const views = new Map(months.months.flatMap((entry) => (entry.row === undefined ? [] : [[entry.month, viewOf(entry.month, entry.row)] as const])));
  return linesOf(views, determinations.flat());
}

// The days of a month that have an activity: bit d - 1 is day d.
export function daysOfBits(bits: number): number[] {
  const days: number[] = [];
  for (let day = 1; day <= 31; ++day) {
    if (((bits >>> (day - 1)) & 1) === 1) days.push(day);
  }
  return days;
}
