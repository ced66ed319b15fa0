// Figures of an area from a model: pure functions.
//
// The days here are the model's own: `localDate`, the last day opened. So a
// figure is the same on every computer and for every moment of the past.
import {monthOf, addMonths} from '../lib/civil';
import {type DeterminationState, type Model, type Unit} from './model';

// Days without a report after which a team is called quiet, and without a
// message after which its phones are.
export const QUIET_DAYS = 14;

export interface TeamState {
  readonly lastActiveDate: number; // in the months watched; 0 if none
  readonly quiet14: boolean; // no activity in the last 14 days, today included
  readonly neverActive: boolean; // none in the months watched
  readonly activeThisMonth: boolean;
  readonly reportedThisMonth: boolean; // a monthly update for the current month
  readonly reportedLastMonth: boolean; // ... for the last complete month
  readonly neverSynced: boolean; // none of its phones was ever heard
  readonly phoneSilent: boolean; // none was heard in the last 14 days
  readonly held: number; // activities that are held, in the months watched
  readonly heldMonths: number; // determinations that are HELD
}

export interface MoneySum {
  readonly count: number; // team-months and organisation-months
  readonly amount: bigint;
}

export interface Figures {
  readonly month: number;
  readonly teams: number; // that exist in the month
  readonly active: number; // with at least one active day in it
  readonly quiet: number; // quiet14; for a past month: without an active day in it
  readonly notReported: number; // without a monthly update for it
  readonly phonesSilent: number; // as of now, also for a past month
  readonly neverSynced: number; // the same
  readonly moneyByState: ReadonlyMap<DeterminationState, MoneySum>;
  readonly ceiling: bigint; // of the funding decisions that cover the month
}

export interface Overview extends Figures {
  readonly change: Figures | undefined; // of the month before; undefined if it is not watched
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
