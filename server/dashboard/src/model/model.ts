// What the page knows about one moment: immutable values, made from the tables
// of a watch. A new Model is made at each PROGRESS; a table that did not change
// keeps its Map, so that a view can compare by identity.
//
// Dates count days since 1970-01-01, months are YYYYMM, 0 is "none".
import type {Days} from '../lib/civil';
import {
  DeterminationState,
  ReasonCode,
} from '../gen/thon/v1/policy_pb';

export {DeterminationState, ReasonCode};

export type Level = 'province' | 'district' | 'commune' | 'village';

export interface Unit {
  readonly id: bigint;
  readonly level: Level;
  readonly name: string; // in force on the model's day
  readonly code: string; // empty for a village
  readonly parent: bigint; // 0n for a province
}

export interface Team {
  readonly id: bigint;
  readonly name: string;
  readonly unit: bigint; // where it stands on the model's day
  readonly level: Level;
  readonly foundedDate: number;
  readonly endedDate: number; // first day on which it does not exist; 0 if it does
  readonly suspended: boolean; // on the model's day
  readonly suspensions: readonly Days[];
}

export interface TeamMonthView {
  readonly month: number;
  readonly activeDays: number;
  readonly activeDayBits: number; // bit d - 1: day d has an activity that counts
  readonly activities: number;
  readonly peopleReached: number;
  readonly updateDate: number; // of the first monthly update; 0 if none
  readonly updateConfirmed: boolean;
  readonly held: number;
  readonly suspect: number;
}

export interface DeterminationView {
  readonly policyId: string;
  readonly kind: 'team' | 'organisation';
  readonly beneficiary: bigint;
  readonly month: number;
  readonly state: DeterminationState;
  readonly amount: bigint;
  readonly reasons: readonly ReasonCode[]; // the deciding one first
}

export interface Organisation {
  readonly id: bigint;
  readonly name: string;
  readonly unit: bigint;
}

export interface Phone {
  readonly author: string; // hex
  readonly team: bigint;
  readonly lastHeardMs: number; // 0: never
  readonly events: number;
}

export interface PolicyView {
  readonly id: string;
  readonly version: number;
  readonly number: string; // of the decision
  readonly issuer: bigint;
  readonly endDate: number; // first day on which it does not hold; 0 if open
}

export interface FundingView {
  readonly policyId: string;
  readonly firstMonth: number;
  readonly lastMonth: number;
  readonly ceiling: bigint;
  readonly number: string;
  readonly teamCount: number;
}

export interface EventView {
  readonly position: bigint;
  readonly receiveTimeMs: number;
  readonly author: string; // hex
  readonly team: bigint; // 0n if none
  readonly organisation: bigint; // 0n if none
  readonly member: bigint; // 0n if none
  readonly type: number; // number of the payload in Event.payload; 0 unknown
}

export interface Model {
  readonly position: bigint; // 0n until ready
  readonly serverTimeMs: number;
  readonly localDate: number; // the last day opened
  readonly ready: boolean; // the first snapshot is complete
  readonly scope: bigint;
  readonly firstMonth: number; // months before it are not in the tables
  readonly units: ReadonlyMap<bigint, Unit>;
  readonly children: ReadonlyMap<bigint, readonly Unit[]>; // by Vietnamese name
  readonly teams: ReadonlyMap<bigint, Team>;
  readonly teamsByUnit: ReadonlyMap<bigint, readonly bigint[]>; // by name
  readonly months: ReadonlyMap<bigint, ReadonlyMap<number, TeamMonthView>>; // by team
  readonly determinations: ReadonlyMap<bigint, readonly DeterminationView[]>; // by team; ascending by month, policy
  readonly orgs: ReadonlyMap<bigint, Organisation>;
  readonly orgDeterminations: ReadonlyMap<bigint, readonly DeterminationView[]>;
  readonly phones: ReadonlyMap<bigint, readonly Phone[]>; // by team; by author
  readonly policies: readonly PolicyView[]; // by id, version
  readonly fundings: readonly FundingView[]; // by policy, first month, number
  readonly events: readonly EventView[]; // newest first
}

export const emptyModel: Model = {
  position: 0n,
  serverTimeMs: 0,
  localDate: 0,
  ready: false,
  scope: 0n,
  firstMonth: 0,
  units: new Map(),
  children: new Map(),
  teams: new Map(),
  teamsByUnit: new Map(),
  months: new Map(),
  determinations: new Map(),
  orgs: new Map(),
  orgDeterminations: new Map(),
  phones: new Map(),
  policies: [],
  fundings: [],
  events: [],
};
