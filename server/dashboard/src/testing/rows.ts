// Rows of a small area for tests, as the server encodes them.
import {create, type MessageInitShape, toBinary} from '@bufbuild/protobuf';
import {UnitLevel} from '../gen/thon/v1/event_pb';
import {
  DeterminationRowSchema,
  FundingRowSchema,
  OrganisationRowSchema,
  PolicyRowSchema,
  SyncHealthRowSchema,
  TeamRowSchema,
  UnitRowSchema,
} from '../gen/thon/v1/rows_pb';
import {WatchedEventSchema, WatchedMonthSchema} from '../gen/thon/v1/watch_service_pb';
import {dateOf} from '../lib/civil';
import {QUERY} from '../live/queries';
import {ModelBuilder} from '../model/builder';
import type {Model} from '../model/model';

export function day(d: number, m: number, y: number): number {
  const days = dateOf(y, m, d);
  if (days === undefined) throw new Error('no such day');
  return days;
}

// Rows by query and key, as a table has them.
export type Rows = Map<number, Map<string, Uint8Array>>;

export class Area {
  readonly rows: Rows = new Map();

  put(queryId: number, key: string, row: Uint8Array): this {
    let table = this.rows.get(queryId);
    if (!table) this.rows.set(queryId, (table = new Map()));
    table.set(key, row);
    return this;
  }

  unit(id: bigint, level: UnitLevel, name: string, parent: bigint): this {
    return this.unitRow({
      unitId: id,
      level,
      names: [{fromDate: 1, name, code: `${id}`}],
      parents: [{fromDate: 1, unitId: parent}],
    });
  }

  unitRow(row: MessageInitShape<typeof UnitRowSchema>): this {
    return this.put(QUERY.units, `u${row.unitId}`, toBinary(UnitRowSchema, create(UnitRowSchema, row)));
  }

  team(id: bigint, unit: bigint, more: MessageInitShape<typeof TeamRowSchema> = {}): this {
    const row = create(TeamRowSchema, {
      teamId: id,
      level: UnitLevel.VILLAGE,
      name: `Tổ ${id}`,
      units: [{fromDate: 1, unitId: unit}],
      foundedDate: day(1, 1, 2023),
      ...more,
    });
    return this.put(QUERY.teams, `t${id}`, toBinary(TeamRowSchema, row));
  }

  month(
    teamId: bigint,
    month: number,
    row: NonNullable<MessageInitShape<typeof WatchedMonthSchema>['row']>,
  ): this {
    return this.put(
      QUERY.months,
      `m${teamId}/${month}`,
      toBinary(WatchedMonthSchema, create(WatchedMonthSchema, {teamId, month, row})),
    );
  }

  determination(row: MessageInitShape<typeof DeterminationRowSchema>): this {
    return this.put(
      QUERY.determinations,
      `d${row.policyId}/${row.month}/${row.beneficiaryKind}/${row.beneficiaryId}`,
      toBinary(DeterminationRowSchema, create(DeterminationRowSchema, row)),
    );
  }

  phone(author: number, teamId: bigint, lastReceiveTimeMs: number, events = 1): this {
    const row = create(SyncHealthRowSchema, {
      author: new Uint8Array(16).fill(author),
      teamId,
      lastReceiveTimeMs: BigInt(lastReceiveTimeMs),
      events: BigInt(events),
    });
    return this.put(QUERY.health, `h${author}`, toBinary(SyncHealthRowSchema, row));
  }

  policy(row: MessageInitShape<typeof PolicyRowSchema>): this {
    const key = `p${row.policyId}/${row.version}`;
    return this.put(QUERY.policies, key, toBinary(PolicyRowSchema, create(PolicyRowSchema, row)));
  }

  funding(row: MessageInitShape<typeof FundingRowSchema>): this {
    const key = `f${row.policyId}/${row.firstMonth}`;
    return this.put(QUERY.fundings, key, toBinary(FundingRowSchema, create(FundingRowSchema, row)));
  }

  organisation(id: bigint, unit: bigint, name: string): this {
    const row = create(OrganisationRowSchema, {organisationId: id, unitId: unit, name});
    return this.put(QUERY.organisations, `o${id}`, toBinary(OrganisationRowSchema, row));
  }

  event(position: bigint, more: MessageInitShape<typeof WatchedEventSchema> = {}): this {
    const row = create(WatchedEventSchema, {position, ...more});
    return this.put(QUERY.events, `e${position}`, toBinary(WatchedEventSchema, row));
  }

  // The model of these rows on `localDate`.
  model(scope: bigint, localDate: number, firstMonth = 0): Model {
    const builder = new ModelBuilder(scope);
    for (const [queryId, rows] of this.rows) builder.absorb({queryId, cleared: true, rows});
    return builder.publish({position: 10n, serverTimeMs: 1, localDate}, firstMonth);
  }
}
