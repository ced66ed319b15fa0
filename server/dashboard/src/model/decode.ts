// Rows of the watched tables to the model's values: one function a table.
import {type DescMessage, fromBinary, type MessageShape} from '@bufbuild/protobuf';
import {UnitLevel} from '../gen/thon/v1/event_pb';
import {BeneficiaryKind} from '../gen/thon/v1/policy_pb';
import {
  DeterminationRowSchema,
  type FundingRow,
  FundingRowSchema,
  OrganisationRowSchema,
  type PolicyRow,
  PolicyRowSchema,
  SyncHealthRowSchema,
  type TeamRow,
  TeamRowSchema,
  type UnitRow,
  UnitRowSchema,
} from '../gen/thon/v1/rows_pb';
import {WatchedEventSchema, WatchedMonthSchema} from '../gen/thon/v1/watch_service_pb';
import {type Days, isWithin} from '../lib/civil';
import {hex} from '../live/digest';
import type {Decoded} from './group_table';
import {
  type DeterminationView,
  type EventView,
  type FundingView,
  type Level,
  type Organisation,
  type Phone,
  type PolicyView,
  type Team,
  type TeamMonthView,
  type Unit,
} from './model';

// Unknown fields are of a newer server: not shown, not kept.
function decode<D extends DescMessage>(schema: D, row: Uint8Array): MessageShape<D> {
  return fromBinary(schema, row, {readUnknownFields: false});
}

const LEVELS: Partial<Record<UnitLevel, Level>> = {
  [UnitLevel.PROVINCE]: 'province',
  [UnitLevel.DISTRICT]: 'district',
  [UnitLevel.COMMUNE]: 'commune',
  [UnitLevel.VILLAGE]: 'village',
};

// What of a history is in force on `date`: the last that has begun, or the
// first of all.
function inForce<T extends {fromDate: number}>(history: readonly T[], date: number): T | undefined {
  let found = history[0] as T | undefined;
  for (const part of history) if (part.fromDate <= date) found = part;
  return found;
}

export function decodeUnitRow(row: Uint8Array): Decoded<UnitRow> {
  const unit = decode(UnitRowSchema, row);
  return {group: unit.unitId, value: unit};
}

export function unitOn(row: UnitRow, date: number): Unit {
  const name = inForce(row.names, date);
  return {
    id: row.unitId,
    level: LEVELS[row.level] ?? 'village',
    name: name?.name ?? '',
    code: name?.code ?? '',
    parent: inForce(row.parents, date)?.unitId ?? 0n,
  };
}

// Whether another day may show another unit.
export function unitChanges(row: UnitRow): boolean {
  return row.names.length > 1 || row.parents.length > 1;
}

export function decodeTeamRow(row: Uint8Array): Decoded<TeamRow> {
  const team = decode(TeamRowSchema, row);
  return {group: team.teamId, value: team};
}

// One list for the many teams that never were suspended.
const NEVER: readonly Days[] = [];

export function teamOn(row: TeamRow, date: number): Team {
  const suspensions =
    row.suspensions.length === 0 ? NEVER
    : row.suspensions.map(({fromDate, toDate}) => ({from: fromDate, to: toDate}));
  return {
    id: row.teamId,
    name: row.name,
    unit: inForce(row.units, date)?.unitId ?? 0n,
    level: LEVELS[row.level] ?? 'village',
    foundedDate: row.foundedDate,
    endedDate: row.endedDate,
    suspended: isWithin(suspensions, date),
    suspensions,
  };
}

export function teamChanges(row: TeamRow): boolean {
  return row.units.length > 1 || row.suspensions.length > 0;
}

export function decodeMonth(row: Uint8Array): Decoded<TeamMonthView> {
  const watched = decode(WatchedMonthSchema, row);
  const month = watched.row;
  return {
    group: watched.teamId,
    value: {
      month: watched.month,
      activeDays: month?.activeDays ?? 0,
      activeDayBits: month?.activeDayBits ?? 0,
      activities: Number(month?.activities ?? 0n),
      peopleReached: Number(month?.peopleReached ?? 0n),
      updateDate: month?.updateSubmittedDate ?? 0,
      updateConfirmed: month?.updateConfirmed ?? false,
      held: Number(month?.held ?? 0n),
      suspect: Number(month?.suspect ?? 0n),
    },
  };
}

export function decodeDetermination(row: Uint8Array): Decoded<DeterminationView> {
  const {policyId, beneficiaryKind, beneficiaryId, month, determination} = decode(
    DeterminationRowSchema,
    row,
  );
  return {
    group: beneficiaryId,
    value: {
      policyId,
      kind: beneficiaryKind === BeneficiaryKind.ORGANISATION ? 'organisation' : 'team',
      beneficiary: beneficiaryId,
      month,
      state: determination?.state ?? 0,
      amount: determination?.amountVnd ?? 0n,
      reasons: determination?.reasons ?? [],
    },
  };
}

export function decodePhone(row: Uint8Array): Decoded<Phone> {
  const {author, teamId, lastReceiveTimeMs, events} = decode(SyncHealthRowSchema, row);
  return {
    group: teamId,
    value: {
      author: hex(author),
      team: teamId,
      lastHeardMs: Number(lastReceiveTimeMs),
      events: Number(events),
    },
  };
}

export function decodeOrganisation(row: Uint8Array): Decoded<Organisation> {
  const {organisationId, name, unitId} = decode(OrganisationRowSchema, row);
  return {group: organisationId, value: {id: organisationId, name, unit: unitId}};
}

export function policyView(row: PolicyRow): PolicyView {
  return {
    id: row.policyId,
    version: row.version,
    number: row.document?.number ?? '',
    issuer: row.issuerUnitId,
    endDate: row.endDate,
  };
}

export function decodePolicy(row: Uint8Array): Decoded<PolicyView> {
  return {group: 0n, value: policyView(decode(PolicyRowSchema, row))};
}

export function fundingView(row: FundingRow): FundingView {
  return {
    policyId: row.policyId,
    firstMonth: row.firstMonth,
    lastMonth: row.lastMonth,
    ceiling: row.ceilingVnd,
    number: row.document?.number ?? '',
    teamCount: Number(row.teamCount),
  };
}

export function decodeFunding(row: Uint8Array): Decoded<FundingView> {
  return {group: 0n, value: fundingView(decode(FundingRowSchema, row))};
}

export function decodeEvent(row: Uint8Array): Decoded<EventView> {
  const event = decode(WatchedEventSchema, row);
  return {
    group: 0n,
    value: {
      position: event.position,
      receiveTimeMs: Number(event.receiveTimeMs),
      author: hex(event.author),
      team: event.teamId,
      organisation: event.organisationId,
      member: event.memberId,
      type: event.payloadType,
    },
  };
}
