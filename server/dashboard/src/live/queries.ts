// What the page watches of an area: one Watch with these queries, each with the
// fields that are shown and no others.
import {create} from '@bufbuild/protobuf';
import {
  type WatchQuery,
  WatchQuerySchema,
  WatchedProjection,
} from '../gen/thon/v1/watch_service_pb';
import {addMonths, monthOf} from '../lib/civil';

export const QUERY = {
  units: 1,
  teams: 2,
  months: 3,
  determinations: 4,
  health: 5,
  policies: 6,
  fundings: 7,
  organisations: 8,
  events: 9,
} as const;

const EVENTS_MAX = 200;

// An area with more teams than this is watched for fewer months.
export const TEAMS_FOR_A_YEAR_MAX = 5000;
const MONTHS = 12;
const MONTHS_OF_MANY = 3;
// As the months go by, the tables of an open window grow; after so many months
// too many the watch begins anew.
const MONTHS_SLACK = 2;

// Which months are watched: all from `firstMonth` on.
export interface Window {
  readonly firstMonth: number;
  readonly months: number;
}

export function windowOf(localDate: number, teams: number): Window {
  const months = teams > TEAMS_FOR_A_YEAR_MAX ? MONTHS_OF_MANY : MONTHS;
  // No day was opened yet: there is nothing to leave out.
  if (localDate === 0) return {firstMonth: 0, months};
  return {firstMonth: addMonths(monthOf(localDate), 1 - months), months};
}

// Whether on `localDate` the window holds more months than it should.
export function isOutgrown(window: Window, localDate: number): boolean {
  if (localDate === 0) return false;
  return window.firstMonth < addMonths(monthOf(localDate), 1 - window.months - MONTHS_SLACK);
}

// How many teams an area has, and which day it is there: what the window is
// taken from. One row a team, with its id alone.
export function soundingQueries(scope: bigint): WatchQuery[] {
  return [
    create(WatchQuerySchema, {
      queryId: QUERY.teams,
      projection: WatchedProjection.TEAMS,
      rootUnitId: scope,
      fields: ['team_id'],
    }),
  ];
}

// Whether an area is there: the units of the map of that day, with their ids
// alone; none, not even the area's root, where it is not.
export function presenceQueries(scope: bigint): WatchQuery[] {
  return [
    create(WatchQuerySchema, {
      queryId: QUERY.units,
      projection: WatchedProjection.UNITS,
      rootUnitId: scope,
      fields: ['unit_id'],
    }),
  ];
}

export function queriesOf(scope: bigint, firstMonth: number): WatchQuery[] {
  const query = (
    queryId: number,
    projection: WatchedProjection,
    fields: string[],
    more: {firstMonth?: number; eventsMax?: number} = {},
  ): WatchQuery =>
    create(WatchQuerySchema, {queryId, projection, rootUnitId: scope, fields, ...more});
  return [
    query(QUERY.units, WatchedProjection.UNITS, ['unit_id', 'level', 'names', 'parents']),
    query(QUERY.teams, WatchedProjection.TEAMS, [
      'team_id',
      'level',
      'name',
      'units',
      'founded_date',
      'ended_date',
      'suspensions',
    ]),
    query(
      QUERY.months,
      WatchedProjection.TEAM_MONTHS,
      [
        'team_id',
        'month',
        'row.active_days',
        'row.active_day_bits',
        'row.activities',
        'row.people_reached',
        'row.update_submitted_date',
        'row.update_confirmed',
        'row.held',
        'row.suspect',
      ],
      {firstMonth},
    ),
    query(
      QUERY.determinations,
      WatchedProjection.DETERMINATIONS,
      [
        'policy_id',
        'beneficiary_kind',
        'beneficiary_id',
        'month',
        'determination.state',
        'determination.amount_vnd',
        'determination.reasons',
      ],
      {firstMonth},
    ),
    query(QUERY.health, WatchedProjection.SYNC_HEALTH, [
      'author',
      'team_id',
      'last_receive_time_ms',
      'events',
    ]),
    query(QUERY.policies, WatchedProjection.POLICIES, [
      'policy_id',
      'version',
      'issuer_unit_id',
      'document',
      'end_date',
    ]),
    query(QUERY.fundings, WatchedProjection.FUNDINGS, [
      'policy_id',
      'document',
      'first_month',
      'last_month',
      'ceiling_vnd',
      'team_count',
    ]),
    query(QUERY.organisations, WatchedProjection.ORGANISATIONS, [
      'organisation_id',
      'name',
      'unit_id',
    ]),
    query(
      QUERY.events,
      WatchedProjection.EVENTS,
      [
        'position',
        'receive_time_ms',
        'author',
        'team_id',
        'organisation_id',
        'payload_type',
        'member_id',
      ],
      {eventsMax: EVENTS_MAX},
    ),
  ];
}
