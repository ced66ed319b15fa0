// Goal: the model is what the tables say, of the day that they are of; what did
// not change keeps its identity.
// Method: rows encoded as the server does it, and random steps against a model
// made anew.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {UnitLevel} from '../gen/thon/v1/event_pb';
import {BeneficiaryKind, DeterminationState, ReasonCode} from '../gen/thon/v1/policy_pb';
import {QUERY} from '../live/queries';
import {Area, day} from '../testing/rows';
import {random, seed} from '../testing/seed';
import {ModelBuilder} from './builder';

const TODAY = day(12, 10, 2023);

function area(): Area {
  return new Area()
    .unit(1n, UnitLevel.PROVINCE, 'Tỉnh Yên Bái', 0n)
    .unit(2n, UnitLevel.DISTRICT, 'Huyện Văn Yên', 1n)
    .unit(3n, UnitLevel.COMMUNE, 'Xã An Bình', 2n)
    .unit(12n, UnitLevel.VILLAGE, 'Thôn Đồng Tâm', 3n)
    .unit(11n, UnitLevel.VILLAGE, 'Thôn Áng', 3n)
    .unit(13n, UnitLevel.VILLAGE, 'Thôn 10', 3n)
    .unit(14n, UnitLevel.VILLAGE, 'Thôn 2', 3n)
    .team(100n, 11n)
    .team(101n, 12n, {name: 'Tổ Đồng Tâm'})
    .month(100n, 202310, {
      activeDays: 2,
      activeDayBits: 0b1000_0000_0001,
      activities: 5n,
      peopleReached: 40n,
      updateSubmittedDate: day(5, 10, 2023),
      updateConfirmed: true,
      held: 1n,
      suspect: 2n,
    })
    .month(100n, 202309, {activeDays: 1})
    .phone(7, 100n, 1_697_000_000_000, 33)
    .policy({policyId: 'yb', version: 2, issuerUnitId: 1n, document: {number: '60/2022/NQ-HĐND'}})
    .policy({policyId: 'yb', version: 1, issuerUnitId: 1n, document: {number: '60/2022/NQ-HĐND'}})
    .funding({
      policyId: 'yb',
      firstMonth: 202301,
      lastMonth: 202312,
      ceilingVnd: 2_698_500_000n,
      teamCount: 1356n,
      document: {number: '1356/QĐ-UBND'},
    })
    .organisation(50n, 3n, 'Đoàn Thanh niên')
    .event(90n, {payloadType: 3, teamId: 100n, author: new Uint8Array(16).fill(7)})
    .event(95n, {payloadType: 4, memberId: 9n})
    .determination({
      policyId: 'yb',
      beneficiaryKind: BeneficiaryKind.TEAM,
      beneficiaryId: 100n,
      month: 202309,
      determination: {
        state: DeterminationState.PROVISIONAL,
        amountVnd: 300_000n,
        reasons: [ReasonCode.COVERED, ReasonCode.TOPPED_UP],
      },
    })
    .determination({
      policyId: 'yb',
      beneficiaryKind: BeneficiaryKind.ORGANISATION,
      beneficiaryId: 100n,
      month: 202309,
      determination: {state: DeterminationState.NOT_COVERED, reasons: [ReasonCode.NOT_A_TEAM]},
    });
}

test('every table becomes what the views read', () => {
  const model = area().model(1n, TODAY, 202211);
  assert.equal(model.ready, true);
  assert.equal(model.localDate, TODAY);
  assert.equal(model.firstMonth, 202211);
  assert.deepEqual(model.units.get(3n), {id: 3n, level: 'commune', name: 'Xã An Bình', code: '3', parent: 2n});
  assert.deepEqual(
    model.children.get(3n)?.map((unit) => unit.name),
    ['Thôn 2', 'Thôn 10', 'Thôn Áng', 'Thôn Đồng Tâm'],
  );
  assert.deepEqual(model.teamsByUnit.get(11n), [100n]);
  assert.equal(model.teams.get(101n)?.name, 'Tổ Đồng Tâm');
  assert.deepEqual([...(model.months.get(100n)?.keys() ?? [])], [202309, 202310]);
  assert.deepEqual(model.months.get(100n)?.get(202310), {
    month: 202310,
    activeDays: 2,
    activeDayBits: 0b1000_0000_0001,
    activities: 5,
    peopleReached: 40,
    updateDate: day(5, 10, 2023),
    updateConfirmed: true,
    held: 1,
    suspect: 2,
  });
  assert.deepEqual(model.determinations.get(100n), [
    {
      policyId: 'yb',
      kind: 'team',
      beneficiary: 100n,
      month: 202309,
      state: DeterminationState.PROVISIONAL,
      amount: 300_000n,
      reasons: [ReasonCode.COVERED, ReasonCode.TOPPED_UP],
    },
  ]);
  assert.equal(model.orgDeterminations.get(100n)?.[0].kind, 'organisation');
  assert.deepEqual(model.phones.get(100n), [
    {author: '07'.repeat(16), team: 100n, lastHeardMs: 1_697_000_000_000, events: 33},
  ]);
  assert.deepEqual(model.policies.map((policy) => policy.version), [1, 2]);
  assert.equal(model.fundings[0].ceiling, 2_698_500_000n);
  assert.equal(model.fundings[0].teamCount, 1356);
  assert.equal(model.orgs.get(50n)?.unit, 3n);
  assert.deepEqual(model.events.map((event) => event.position), [95n, 90n]);
});

test('names, places and suspensions are those of the model\'s day', () => {
  const rows = area()
    .unitRow({
      unitId: 11n,
      level: UnitLevel.VILLAGE,
      names: [
        {fromDate: 1, name: 'Thôn Cũ'},
        {fromDate: TODAY + 1, name: 'Thôn Mới'},
      ],
      parents: [
        {fromDate: 1, unitId: 3n},
        {fromDate: TODAY + 1, unitId: 2n},
      ],
    })
    .team(100n, 11n, {
      units: [
        {fromDate: 1, unitId: 11n},
        {fromDate: TODAY + 2, unitId: 12n},
      ],
      suspensions: [{fromDate: TODAY + 1, toDate: TODAY + 2}],
    });
  const seen = [0, 1, 2, 3].map((later) => {
    const model = rows.model(1n, TODAY + later);
    const team = model.teams.get(100n);
    return [model.units.get(11n)?.name, model.units.get(11n)?.parent, team?.unit, team?.suspended];
  });
  assert.deepEqual(seen, [
    ['Thôn Cũ', 3n, 11n, false],
    ['Thôn Mới', 2n, 11n, true],
    ['Thôn Mới', 2n, 12n, true],
    ['Thôn Mới', 2n, 12n, false],
  ]);
  // The same from one builder whose day moves on without a row.
  const builder = new ModelBuilder(1n);
  for (const [queryId, table] of rows.rows) builder.absorb({queryId, cleared: true, rows: table});
  const moment = {position: 1n, serverTimeMs: 1};
  const before = builder.publish({...moment, localDate: TODAY}, 0);
  const after = builder.publish({...moment, localDate: TODAY + 1}, 0);
  assert.equal(after.units.get(11n)?.name, 'Thôn Mới');
  assert.equal(after.teams.get(100n)?.suspended, true);
  assert.equal(after.children.get(2n)?.some((unit) => unit.id === 11n), true);
  assert.equal(before.units.get(11n)?.name, 'Thôn Cũ', 'the old model stays as it was');
});

test('a table that did not change keeps its Map, and a group its value', () => {
  const rows = area();
  const builder = new ModelBuilder(1n);
  for (const [queryId, table] of rows.rows) builder.absorb({queryId, cleared: true, rows: table});
  const first = builder.publish({position: 1n, serverTimeMs: 1, localDate: TODAY}, 0);
  const change = new Area().month(101n, 202310, {activeDays: 1});
  builder.absorb({queryId: QUERY.months, cleared: false, rows: change.rows.get(QUERY.months) ?? []});
  const second = builder.publish({position: 2n, serverTimeMs: 2, localDate: TODAY}, 0);
  for (const name of [
    'units', 'children', 'teams', 'teamsByUnit', 'determinations', 'orgs',
    'orgDeterminations', 'phones', 'policies', 'fundings', 'events',
  ] as const) {
    assert.equal(second[name], first[name], name);
  }
  assert.notEqual(second.months, first.months);
  assert.equal(second.months.get(100n), first.months.get(100n));
  assert.equal(first.months.has(101n), false);
  assert.equal(second.position, 2n);
});

test('random steps: the model is the one that is made anew from the tables', () => {
  const dice = random(seed());
  for (let round = 0; round < 30; ++round) {
    const rows = area();
    const builder = new ModelBuilder(1n);
    for (const [queryId, table] of rows.rows) builder.absorb({queryId, cleared: true, rows: table});
    let model = builder.publish({position: 1n, serverTimeMs: 1, localDate: TODAY}, 0);
    for (let step = 0; step < 10; ++step) {
      const change = new Area();
      for (let i = dice.next(6); i >= 0; --i) {
        const team = 100n + BigInt(dice.next(4));
        const month = 202307 + dice.next(4);
        change
          .month(team, month, {activeDays: dice.next(31), activeDayBits: dice.next(0x7fff_ffff)})
          .team(team, 11n + BigInt(dice.next(4)), {name: `Tổ ${dice.next(9)}`})
          .phone(dice.next(6), team, dice.next(1000))
          .determination({
            policyId: `p${dice.next(2)}`,
            beneficiaryKind: dice.chance(80) ? BeneficiaryKind.TEAM : BeneficiaryKind.ORGANISATION,
            beneficiaryId: team,
            month,
            determination: {state: dice.next(9), amountVnd: BigInt(dice.next(900))},
          });
      }
      for (const [queryId, table] of change.rows) {
        const kept = rows.rows.get(queryId) ?? new Map<string, Uint8Array>();
        const said = new Map<string, Uint8Array | undefined>(table);
        for (const key of kept.keys()) if (dice.chance(20)) said.set(key, undefined);
        const cleared = dice.chance(10);
        if (cleared) kept.clear();
        for (const [key, row] of said) {
          if (row) {
            kept.set(key, row);
          } else {
            kept.delete(key);
          }
        }
        rows.rows.set(queryId, kept);
        builder.absorb({queryId, cleared, rows: said});
      }
      const localDate = TODAY + step;
      model = builder.publish({position: 10n, serverTimeMs: 1, localDate}, 0);
      assert.deepEqual(sorted(model), sorted(rows.model(1n, localDate)), `round ${round}`);
    }
  }
});

// Maps are compared by content, not by order.
function sorted(model: object): object {
  return Object.fromEntries(
    Object.entries(model).map(([name, value]: [string, unknown]) => [
      name,
      value instanceof Map ? new Map([...value].sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1))) : value,
    ]),
  );
}

test('a row that is no message throws, and is not shown as nothing', () => {
  const builder = new ModelBuilder(1n);
  assert.throws(() =>
    builder.absorb({queryId: QUERY.teams, cleared: false, rows: [['k', new Uint8Array([0xff, 0xff])]]}),
  );
});
