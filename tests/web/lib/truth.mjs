// An area's figures from the query service alone: what the page, which folds a
// watch, must show as of the same position. Written from what the words mean,
// not from the page's code:
//
//   active     a team with at least one active day in the month
//   quiet      for the current month: none in the last 14 days, today included;
//              for another month: none in that month
//   reported   a monthly update for the month that counts
//   silent     none of the team's phones heard in the last 14 days
import { query } from './protos.mjs';

const reads = query.QueryService.method;
const DAY_MS = 86_400_000;
const ZONE_MS = 7 * 3_600_000;

export const monthOf = (days) => {
  const date = new Date(days * DAY_MS);
  return date.getUTCFullYear() * 100 + date.getUTCMonth() + 1;
};
export const dateOf = (ms) => Math.floor((ms + ZONE_MS) / DAY_MS);
const firstDay = (month) => Date.UTC(Math.floor(month / 100), (month % 100) - 1, 1) / DAY_MS;
const lastDay = (month) => Date.UTC(Math.floor(month / 100), month % 100, 1) / DAY_MS - 1;
export const monthBefore = (month) => (month % 100 === 1 ? month - 89 : month - 1);

async function pages(face, method, request, field) {
  const found = [];
  let pageToken = '';
  do {
    const { message } = await face.unary(method, { ...request, pageSize: 1000, pageToken });
    found.push(...message[field]);
    pageToken = message.nextPageToken;
  } while (pageToken !== '');
  return found;
}

// Everything about a unit's teams as of a moment of the protos' AsOf.
export async function factsOf(face, rootUnitId, moment) {
  const options = { asOf: { moment } };
  const teams = await pages(face, reads.listTeams, { rootUnitId, options }, 'teams');
  const health = await pages(face, reads.listSyncHealth, { rootUnitId, options }, 'rows');
  const months = new Map();
  for (const { teamId } of teams) {
    const { message } = await face.unary(reads.listTeamMonths, { teamId, options });
    months.set(teamId, new Map(message.months.map((entry) => [entry.month, entry.row])));
  }
  const { message: published } = await face.unary(reads.listPolicies, { options });
  const determinations = [];
  for (const policyId of new Set(published.policies.map((policy) => policy.policyId))) {
    determinations.push(...await pages(face, reads.listDeterminations, { policyId, rootUnitId, options }, 'rows'));
  }
  return { teams, health, months, determinations };
}

export function figures(facts, month, today) {
  const inMonth = (team) => team.foundedDate <= Math.max(firstDay(month), Math.min(lastDay(month), today)) &&
    (team.endedDate === 0 || team.endedDate > firstDay(month));
  const teams = facts.teams.filter(inMonth);
  const activeIn = (team, which) => (facts.months.get(team.teamId)?.get(which)?.activeDays ?? 0) > 0;
  const lastActive = (team) => {
    let last = 0;
    for (const [which, row] of facts.months.get(team.teamId) ?? []) {
      for (let bit = 0; bit < 31; bit += 1) if (row.activeDayBits & (1 << bit)) last = Math.max(last, firstDay(which) + bit);
    }
    return last;
  };
  const heard = (team) => Math.max(0, ...facts.health.filter((row) => row.teamId === team.teamId)
    .map((row) => Number(row.lastReceiveTimeMs)));
  const current = month === monthOf(today);
  const money = new Map();
  for (const row of facts.determinations.filter((one) => one.month === month)) {
    const state = row.determination.state;
    const sum = money.get(state) ?? { count: 0, amount: 0n };
    money.set(state, { count: sum.count + 1, amount: sum.amount + row.determination.amountVnd });
  }
  return {
    teams: teams.length,
    active: teams.filter((team) => activeIn(team, month)).length,
    quiet: teams.filter((team) => (current ? lastActive(team) <= today - 14 : !activeIn(team, month))).length,
    notReported: teams.filter((team) => (facts.months.get(team.teamId)?.get(month)?.updateSubmittedDate ?? 0) === 0).length,
    phonesSilent: teams.filter((team) => heard(team) > 0 && dateOf(heard(team)) <= today - 14).length,
    neverSynced: teams.filter((team) => heard(team) === 0).length,
    money,
  };
}
