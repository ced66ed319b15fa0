// Requests that several tests make.
import { watch } from './protos.mjs';

const { UNITS, TEAMS, TEAM_MONTHS, ORGANISATIONS, DETERMINATIONS, SYNC_HEALTH, POLICIES, FUNDINGS, EVENTS } =
  watch.WatchedProjection;

// A dashboard's queries; root 0 is the whole log.
export function dashboardWatch(root = 0n) {
  const projections = [UNITS, TEAMS, TEAM_MONTHS, DETERMINATIONS, SYNC_HEALTH, POLICIES, FUNDINGS, ORGANISATIONS, EVENTS];
  return {
    queries: projections.map((projection, i) => ({ queryId: i + 1, projection, rootUnitId: root })),
  };
}

export const teamsWatch = (root = 0n) => ({ queries: [{ queryId: 1, projection: TEAMS, rootUnitId: root }] });
// The live feed, and as many months of all teams as a watch may ask for.
export const largeWatch = () => ({
  queries: Array.from({ length: 16 }, (_, i) => ({ queryId: i + 1, projection: i === 0 ? EVENTS : TEAM_MONTHS })),
});
export const eventsWatch = () => ({ queries: [{ queryId: 1, projection: EVENTS, eventsMax: 100 }] });

// A day of the protos: days since 1970-01-01.
export const day = (iso) => Math.round(Date.parse(`${iso}T00:00:00Z`) / 86_400_000);

let task = 1000;

// Records something small, a task for a team; the position it has.
export async function assignTask(server, team) {
  task += 1;
  const answer = await server.thon('task', 'assign', task, '--team', team, '--due', '2024-03-31');
  const { next_position: next } = await server.thon('status');
  void answer;
  return BigInt(next) - 1n;
}
