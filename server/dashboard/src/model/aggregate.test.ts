// Goal: each figure of an area is what its comment says, to the day and the đồng.
// Method: small areas whose figures can be counted by hand, at the edges of each
// rule; sums over random areas against sums over their parts.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {UnitLevel} from '../gen/thon/v1/event_pb';
import {BeneficiaryKind, DeterminationState} from '../gen/thon/v1/policy_pb';
import {Area, day} from '../testing/rows';
import {random, seed} from '../testing/seed';
import {byChild, byMonth, currentMonth, overview, path, teamsBelow, teamState, unitsBelow} from './aggregate';
import {emptyModel} from './model';

const TODAY = day(20, 10, 2023);
const NOON = 12 * 3_600_000 - 7 * 3_600_000; // of a local day, as UTC
const at = (days: number): number => days * 86_400_000 + NOON;

function area(): Area {
  return new Area()
    .unit(1n, UnitLevel.PROVINCE, 'Tỉnh', 0n)
    .unit(2n, UnitLevel.DISTRICT, 'Huyện A', 1n)
    .unit(3n, UnitLevel.DISTRICT, 'Huyện B', 1n)
    .unit(4n, UnitLevel.COMMUNE, 'Xã A1', 2n)
    .unit(11n, UnitLevel.VILLAGE, 'Thôn 1', 4n)
    .unit(12n, UnitLevel.VILLAGE, 'Thôn 2', 4n);
}

const bit = (date: number): number => 1 << (date - 1);

test('quiet: fourteen days without activity, today included', () => {
  const model = area()
    .team(100n, 11n)
    .month(100n, 202310, {activeDays: 1, activeDayBits: bit(7)}) // 13 days ago
    .team(101n, 11n)
    .month(101n, 202310, {activeDays: 1, activeDayBits: bit(6)}) // 14 days ago
    .team(102n, 12n) // never
    .team(103n, 12n, {foundedDate: TODAY - 12}) // too young to be quiet
    .team(104n, 12n, {foundedDate: TODAY - 13})
    .team(105n, 12n, {suspensions: [{fromDate: TODAY}]})
    .team(106n, 12n, {endedDate: TODAY})
    .month(100n, 202309, {activeDays: 30, activeDayBits: 0x3fff_ffff})
    .model(1n, TODAY);
  const quiet = [100n, 101n, 102n, 103n, 104n, 105n, 106n].filter((id) => teamState(model, id).quiet14);
  assert.deepEqual(quiet, [101n, 102n, 104n]);
  assert.equal(teamState(model, 100n).lastActiveDate, day(7, 10, 2023));
  assert.equal(teamState(model, 102n).neverActive, true);
  assert.equal(teamState(model, 102n).lastActiveDate, 0);
  assert.equal(teamState(model, 101n).activeThisMonth, true);
});

test('the last day of a month of 31 days is day 31', () => {
  const model = area()
    .team(100n, 11n)
    .month(100n, 202310, {activeDays: 1, activeDayBits: 0x4000_0000})
    .model(1n, day(31, 10, 2023));
  assert.equal(teamState(model, 100n).lastActiveDate, day(31, 10, 2023));
});

test('phones: silent for fourteen days is not the same as never heard', () => {
  const model = area()
    .team(100n, 11n)
    .phone(1, 100n, at(TODAY - 14))
    .phone(2, 100n, at(TODAY - 13))
    .team(101n, 11n)
    .phone(3, 101n, at(TODAY - 14))
    .team(102n, 11n)
    .model(1n, TODAY);
  const states = [100n, 101n, 102n].map((id) => {
    const {phoneSilent, neverSynced} = teamState(model, id);
    return [phoneSilent, neverSynced];
  });
  assert.deepEqual(states, [[false, false], [true, false], [false, true]]);
  assert.equal(teamState(model, 100n).lastHeardMs, at(TODAY - 13));
  const figures = overview(model, 1n, 0);
  assert.equal(figures.phonesSilent, 1);
  assert.equal(figures.neverSynced, 1);
});

test('reported: this month and the last complete one are told apart', () => {
  const model = area()
    .team(100n, 11n)
    .month(100n, 202309, {updateSubmittedDate: day(2, 10, 2023)})
    .team(101n, 11n)
    .month(101n, 202310, {updateSubmittedDate: TODAY})
    .model(1n, TODAY);
  assert.deepEqual(
    [100n, 101n].map((id) => [teamState(model, id).reportedThisMonth, teamState(model, id).reportedLastMonth]),
    [[false, true], [true, false]],
  );
  assert.equal(overview(model, 1n, 202310).notReported, 1);
  assert.equal(overview(model, 1n, 202309).notReported, 1);
  assert.equal(overview(model, 1n, 202308).notReported, 2);
});

test('a month counts the teams that exist on one of its days', () => {
  const model = area()
    .team(100n, 11n, {foundedDate: day(31, 8, 2023)})
    .team(101n, 11n, {foundedDate: day(1, 9, 2023), endedDate: day(1, 10, 2023)}) // September only
    .team(102n, 11n, {foundedDate: day(1, 10, 2023)})
    .month(101n, 202309, {activeDays: 3})
    .model(1n, TODAY);
  const teams = [202307, 202308, 202309, 202310].map((month) => overview(model, 1n, month).teams);
  assert.deepEqual(teams, [0, 1, 2, 2]);
  const september = overview(model, 1n, 202309);
  assert.deepEqual([september.active, september.quiet], [1, 1]);
  assert.equal(september.change?.teams, 1);
});

test('quiet is compared with what was as quiet on the last day of the month before', () => {
  const model = area()
    .team(100n, 11n) // active early in September: quiet on its last day
    .month(100n, 202309, {activeDays: 1, activeDayBits: bit(16)}) // 14 days before the 30th
    .team(101n, 11n)
    .month(101n, 202309, {activeDays: 1, activeDayBits: bit(17)})
    .team(102n, 12n) // never active
    .team(103n, 12n, {foundedDate: day(18, 9, 2023)}) // too young on the 30th
    .team(104n, 12n, {foundedDate: day(17, 9, 2023)})
    .team(105n, 12n, {suspensions: [{fromDate: day(30, 9, 2023), toDate: day(30, 9, 2023)}]})
    .team(106n, 12n, {suspensions: [{fromDate: day(1, 10, 2023)}]})
    .team(107n, 12n, {endedDate: day(30, 9, 2023)})
    .team(108n, 12n, {endedDate: day(1, 10, 2023)})
    .model(1n, TODAY);
  const now = overview(model, 1n, 0);
  // 100 to 105: October has no activity, and 106 is suspended.
  assert.equal(now.quiet, 6);
  assert.equal(now.change?.quiet, 5, '100, 102, 104, 106, 108');
  // A month that is over, beside the one before it: no activity in the month.
  const september = overview(model, 1n, 202309);
  assert.deepEqual([september.quiet, september.change?.quiet], [7, 7]);
  assert.equal(september.teams, 9);
});

test('of February the last fourteen days are its own as well', () => {
  const model = area()
    .team(100n, 11n)
    .month(100n, 202302, {activeDays: 1, activeDayBits: bit(14)})
    .month(100n, 202303, {activeDays: 1, activeDayBits: bit(1)}) // later is no help
    .team(101n, 11n)
    .month(101n, 202302, {activeDays: 1, activeDayBits: bit(15)})
    .model(1n, day(2, 3, 2023));
  const march = overview(model, 1n, 0);
  assert.deepEqual([march.quiet, march.change?.quiet], [1, 1]);
});

const PROVISIONAL = DeterminationState.PROVISIONAL;

function money(): Area {
  const rows = area()
    .team(100n, 11n)
    .team(101n, 12n)
    .organisation(50n, 3n, 'Hội')
    .policy({policyId: 'yb', version: 1, issuerUnitId: 1n})
    .policy({policyId: 'xa', version: 1, issuerUnitId: 4n})
    .policy({policyId: 'bo', version: 1, issuerUnitId: 999n})
    .funding({policyId: 'yb', firstMonth: 202309, lastMonth: 202312, ceilingVnd: 9_000_000n})
    .funding({policyId: 'xa', firstMonth: 202310, lastMonth: 202310, ceilingVnd: 100n})
    .funding({policyId: 'bo', firstMonth: 202310, lastMonth: 202310, ceilingVnd: 5n});
  const owe = (policyId: string, id: bigint, month: number, state: DeterminationState, vnd: bigint): void => {
    const kind = id === 50n ? BeneficiaryKind.ORGANISATION : BeneficiaryKind.TEAM;
    rows.determination({
      policyId,
      beneficiaryKind: kind,
      beneficiaryId: id,
      month,
      determination: {state, amountVnd: vnd},
    });
  };
  owe('yb', 100n, 202310, PROVISIONAL, 300_000n);
  owe('yb', 101n, 202310, DeterminationState.HELD, 0n);
  owe('yb', 50n, 202310, DeterminationState.NOT_COVERED, 0n);
  owe('yb', 100n, 202309, DeterminationState.PAID, 300_000n);
  owe('yb', 100n, 202308, DeterminationState.PAID, 300_000n);
  owe('xa', 100n, 202310, DeterminationState.APPROVED, 70n);
  return rows;
}

test('money by state, of teams and organisations, in whole đồng', () => {
  const figures = overview(money().model(1n, TODAY), 0n, 0);
  assert.equal(figures.month, 202310);
  assert.deepEqual(
    new Map(figures.moneyByState),
    new Map([
      [PROVISIONAL, {count: 1, amount: 300_000n}],
      [DeterminationState.APPROVED, {count: 1, amount: 70n}],
      [DeterminationState.HELD, {count: 1, amount: 0n}],
      [DeterminationState.NOT_COVERED, {count: 1, amount: 0n}],
    ]),
  );
  assert.equal(figures.amount, 300_070n);
  assert.equal(figures.change?.amount, 300_000n);
});

test('a ceiling belongs to the issuer\'s area and is used by the months it covers', () => {
  const model = money().model(1n, TODAY);
  const province = overview(model, 1n, 202310);
  assert.deepEqual([province.ceiling, province.ceilingUsed], [9_000_100n, 600_070n]);
  const commune = overview(model, 4n, 202310);
  assert.deepEqual([commune.ceiling, commune.ceilingUsed], [100n, 70n]);
  assert.equal(overview(model, 3n, 202310).ceiling, 0n);
  assert.equal(overview(model, 1n, 202308).ceiling, 0n);
  // The decision covers months that are not watched: what it owes is not known.
  const short = money().model(1n, TODAY, 202310);
  assert.equal(overview(short, 1n, 202310).ceilingUsed, undefined);
  assert.equal(overview(short, 1n, 202310).change, undefined);
});

test('money beyond what a double can count stays exact', () => {
  const big = 9_007_199_254_740_993n;
  const rows = area().team(100n, 11n);
  for (const policyId of ['a', 'b']) {
    rows.determination({
      policyId,
      beneficiaryKind: BeneficiaryKind.TEAM,
      beneficiaryId: 100n,
      month: 202310,
      determination: {state: PROVISIONAL, amountVnd: big},
    });
  }
  assert.equal(overview(rows.model(1n, TODAY), 1n, 0).amount, 2n * big);
});

test('an area: its path, its units and its teams; 0 is the whole scope', () => {
  const model = area().team(100n, 11n).team(101n, 4n).team(102n, 3n).model(1n, TODAY);
  assert.deepEqual(path(model, 11n).map((unit) => unit.id), [1n, 2n, 4n, 11n]);
  assert.deepEqual(path(model, 0n).map((unit) => unit.id), [1n]);
  assert.deepEqual(path(model, 77n), []);
  assert.deepEqual(unitsBelow(model, 2n), [2n, 4n, 11n, 12n]);
  assert.deepEqual([...teamsBelow(model, 2n)].sort(), [100n, 101n]);
  assert.equal(teamsBelow(model, 0n).length, 3);
  assert.equal(teamsBelow(model, 2n), teamsBelow(model, 2n), 'kept while nothing moves');
  assert.deepEqual(byChild(model, 1n, 0).map((child) => [child.unit.name, child.overview.teams]), [
    ['Huyện A', 2],
    ['Huyện B', 1],
  ]);
});

test('a map that goes in a circle does not hang the page', () => {
  const model = area()
    .unit(21n, UnitLevel.COMMUNE, 'X', 22n)
    .unit(22n, UnitLevel.COMMUNE, 'Y', 21n)
    .model(1n, TODAY);
  assert.deepEqual(unitsBelow(model, 21n), [21n, 22n]);
  assert.ok(path(model, 21n).length < 10);
});

test('before the first snapshot every figure is nothing, and none throws', () => {
  assert.equal(currentMonth(emptyModel), 0);
  assert.equal(overview(emptyModel, 0n, 0).teams, 0);
  assert.deepEqual(byChild(emptyModel, 0n, 0), []);
  assert.equal(teamState(emptyModel, 1n).neverSynced, true);
});

test('random areas: the parts make the whole, in each month', () => {
  const dice = random(seed());
  for (let round = 0; round < 20; ++round) {
    const rows = area();
    for (let i = 0; i < 30; ++i) {
      const team = 100n + BigInt(i);
      rows.team(team, [11n, 12n, 4n, 3n][dice.next(4)], {foundedDate: day(1, 6 + dice.next(5), 2023)});
      for (let month = 202306; month <= 202310; ++month) {
        if (dice.chance(70)) {
          rows.month(team, month, {
            activeDays: dice.next(3),
            activities: BigInt(dice.next(9)),
            peopleReached: BigInt(dice.next(99)),
            updateSubmittedDate: dice.next(2),
          });
        }
        rows.determination({
          policyId: 'yb',
          beneficiaryKind: BeneficiaryKind.TEAM,
          beneficiaryId: team,
          month,
          determination: {state: 1 + dice.next(8), amountVnd: BigInt(dice.next(1000))},
        });
      }
    }
    const model = rows.model(1n, TODAY);
    const months = [202306, 202307, 202308, 202309, 202310];
    byMonth(model, 1n, months).forEach((point, i) => {
      const whole = overview(model, 1n, months[i]);
      assert.deepEqual(
        [point.month, point.teams, point.active, point.amount, point.teams - point.reported],
        [months[i], whole.teams, whole.active, whole.amount, whole.notReported],
      );
      const parts = byChild(model, 1n, months[i]);
      for (const name of ['teams', 'active', 'quiet', 'notReported'] as const) {
        assert.equal(parts.reduce((sum, part) => sum + part.overview[name], 0), whole[name], name);
      }
      assert.equal(parts.reduce((sum, part) => sum + part.overview.amount, 0n), whole.amount);
      let count = 0;
      for (const sum of whole.moneyByState.values()) count += sum.count;
      assert.equal(count, 30);
    });
  }
});
