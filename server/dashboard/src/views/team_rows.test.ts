// The lines of the teams table: what is said of a team, which teams a filter
// and a search find, and in which order. Method: small models by hand, and one
// of 20,000 teams for what a step of the stream costs.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {dateOf} from '../lib/civil';
import {DeterminationState, emptyModel, type Model, type Team, type Unit} from '../model/model';
import {overview} from '../model/aggregate';
import {waitOf} from './calm';
import {nextSort, parseSort, Ranks, TeamView} from './team_order';
import {
  callReasons,
  existsIn,
  formatFilter,
  parseFilter,
  COLUMNS,
  CALL_COLUMNS,
  placeOf,
  TeamLines,
  type TeamLine,
} from './team_rows';

const day = (text: string): number => {
  const [year, month, date] = text.split('-').map(Number);
  return dateOf(year ?? 0, month ?? 0, date ?? 0) ?? assert.fail(text);
};
const TODAY = day('2023-10-12');
const at = (days: number): number => days * 86_400_000; // 07:00 in Việt Nam

const UNITS: Unit[] = [
  {id: 15n, level: 'province', name: 'Tỉnh Yên Bái', code: '15', parent: 0n},
  {id: 141n, level: 'district', name: 'Huyện Yên Bình', code: '141', parent: 15n},
  {id: 1001n, level: 'commune', name: 'Xã Vĩnh Kiên', code: '04759', parent: 141n},
  {id: 1002n, level: 'commune', name: 'Xã Đại Minh', code: '04762', parent: 141n},
  {id: 5001n, level: 'village', name: 'Thôn Nà Xá', code: '', parent: 1001n},
  {id: 5002n, level: 'village', name: 'Thôn Đồng Tâm', code: '', parent: 1002n},
];

const team = (id: bigint, name: string, unit: bigint, change: Partial<Team> = {}): Team => ({
  id,
  name,
  unit,
  level: 'village',
  foundedDate: day('2022-06-01'),
  endedDate: 0,
  suspended: false,
  suspensions: [],
  ...change,
});

function modelOf(teams: Team[], change: Partial<Model> = {}): Model {
  const children = new Map<bigint, Unit[]>();
  for (const unit of UNITS) children.set(unit.parent, [...(children.get(unit.parent) ?? []), unit]);
  const teamsByUnit = new Map<bigint, bigint[]>();
  for (const one of teams) teamsByUnit.set(one.unit, [...(teamsByUnit.get(one.unit) ?? []), one.id]);
  return {
    ...emptyModel,
    position: 100n,
    localDate: TODAY,
    ready: true,
    scope: 141n,
    firstMonth: 202211,
    units: new Map(UNITS.map((unit) => [unit.id, unit])),
    children,
    teams: new Map(teams.map((one) => [one.id, one])),
    teamsByUnit,
    ...change,
  };
}

const monthOf = (month: number, days: number[], change = {}): [number, never] => [
  month,
  {
    month,
    activeDays: days.length,
    activeDayBits: days.reduce((bits, d) => (bits | (1 << (d - 1))) >>> 0, 0),
    activities: days.length * 2,
    peopleReached: 30,
    updateDate: 0,
    updateConfirmed: false,
    held: 0,
    suspect: 0,
    ...change,
  } as never,
];

const phone = (id: bigint, heard: number) => ({author: '00', team: id, lastHeardMs: heard, events: 1});

const found = (model: Model, query: Partial<Parameters<TeamView['select']>[2]> = {}): bigint[] =>
  new TeamView()
    .select(model, new TeamLines().of(model, 0), {unit: 0n, filter: '', q: '', sort: '', ...query})
    .map((line) => line.id);

const lineOf = (model: Model, id: bigint, month = 0): TeamLine =>
  new TeamLines().of(model, month).find((line) => line.id === id) ?? assert.fail('no line');

test('A search ignores tones and đ, and looks at the name and the places, or is the whole id', () => {
  const model = modelOf([team(1n, 'Tổ Nà Xá', 5001n), team(2n, 'Tổ Đồng Tâm', 5002n)]);
  assert.deepEqual(found(model, {q: 'dong tam'}), [2n]);
  assert.deepEqual(found(model, {q: 'ĐỒNG'}), [2n]);
  assert.deepEqual(found(model, {q: 'vinh kien'}), [1n]);
  assert.deepEqual(found(model, {q: 'kien na'}), [1n]);
  assert.deepEqual(found(model, {q: 'to'}), [2n, 1n]);
  assert.deepEqual(found(model, {q: 'khong co'}), []);
  assert.deepEqual(found(model, {q: '2'}), [2n]);
});

test('Names stand in the Vietnamese order, both ways', () => {
  const names = ['Yên', 'Đắk', 'Dân', 'Ân', 'An', 'ma', 'má', 'mạ', 'mà', 'mả', 'mã', 'Thôn 10', 'Thôn 2'];
  const model = modelOf(names.map((name, index) => team(BigInt(index + 1), name, 5001n)));
  const order = found(model).map((id) => names[Number(id) - 1]);
  assert.deepEqual(order, ['An', 'Ân', 'Dân', 'Đắk', 'ma', 'mà', 'mả', 'mã', 'má', 'mạ', 'Thôn 2', 'Thôn 10', 'Yên']);
  assert.deepEqual(found(model, {sort: '-name'}).map((id) => names[Number(id) - 1]), [...order].reverse());
});

test('Each filter finds as many teams as the overview counts', () => {
  const teams = [
    team(1n, 'A', 5001n),
    team(2n, 'B', 5001n),
    team(3n, 'C', 5002n, {suspended: true}),
    team(4n, 'D', 5002n, {endedDate: day('2023-10-05')}),
    team(5n, 'E', 5002n, {endedDate: day('2023-10-01')}),
    team(6n, 'F', 5002n, {foundedDate: day('2023-10-10')}),
    team(7n, 'G', 5002n, {foundedDate: day('2023-10-20')}),
  ];
  const model = modelOf(teams, {
    months: new Map([
      [1n, new Map([monthOf(202310, [1, 12], {updateDate: day('2023-10-11')})])],
      [2n, new Map([monthOf(202309, [28]), monthOf(202310, [], {held: 2})])],
      [4n, new Map([monthOf(202310, [2])])],
    ]),
    phones: new Map([
      [1n, [phone(1n, at(TODAY))]],
      [2n, [phone(2n, at(TODAY - 14))]],
    ]),
  });
  for (const month of [202310, 202309]) {
    const lines = new TeamLines().of(model, month);
    const counted = (filter: string): number =>
      new TeamView().select(model, lines, {unit: 0n, filter, q: '', sort: ''}).length;
    const figures = overview(model, 141n, month);
    assert.equal(lines.length, figures.teams, `${month} teams`);
    assert.equal(counted('active'), figures.active, `${month} active`);
    assert.equal(counted('quiet'), figures.quiet, `${month} quiet`);
    assert.equal(counted('not-reported'), figures.notReported, `${month} not reported`);
    if (month === 202310) assert.equal(counted('phones-silent'), figures.phonesSilent);
  }
  assert.deepEqual(found(model, {filter: 'held'}), [2n]);
  assert.deepEqual(found(model, {filter: 'suspended'}), [3n]);
  assert.deepEqual(found(model, {filter: 'never-synced'}), [3n, 6n]);
});

test('A unit narrows the table to what is below it, a money state to teams that have it', () => {
  const determination = (id: bigint, state: DeterminationState, amount: bigint, policyId = 'YB-2023') => ({
    policyId,
    kind: 'team' as const,
    beneficiary: id,
    month: 202310,
    state,
    amount,
    reasons: [],
  });
  const model = modelOf([team(1n, 'A', 5001n), team(2n, 'B', 5002n)], {
    determinations: new Map([
      [1n, [determination(1n, DeterminationState.REJECTED, 0n), determination(1n, DeterminationState.PAID, 1_500_000n, 'YB-2')]],
      [2n, [determination(2n, DeterminationState.HELD, 0n)]],
    ]),
  });
  assert.deepEqual(found(model, {unit: 1002n}), [2n]);
  assert.deepEqual(found(model, {unit: 141n}), [1n, 2n]);
  assert.deepEqual(found(model, {filter: 'money-PAID'}), [1n]);
  assert.deepEqual(found(model, {filter: 'money-REJECTED'}), [1n]);
  assert.deepEqual(found(model, {filter: 'held,money-HELD'}), [2n]);
  const line = lineOf(model, 1n);
  assert.equal(line.money, 'PAID');
  assert.equal(line.amount, 1_500_000n);
});

test('The call list says why: never synced, quiet, held, each with its days', () => {
  const model = modelOf([team(1n, 'A', 5001n), team(2n, 'B', 5001n), team(3n, 'C', 5001n), team(4n, 'D', 5001n, {suspended: true})], {
    months: new Map([
      [2n, new Map([monthOf(202309, [19])])],
      [3n, new Map([monthOf(202310, [12], {held: 3})])],
      [4n, new Map([monthOf(202303, [1])])],
    ]),
    phones: new Map([
      [2n, [phone(2n, at(day('2023-09-20')))]],
      [3n, [phone(3n, at(TODAY))]],
      [4n, [phone(4n, at(day('2023-03-02')))]],
    ]),
  });
  assert.deepEqual(callReasons(lineOf(model, 1n), TODAY), [{kind: 'neverSynced'}]);
  assert.deepEqual(callReasons(lineOf(model, 2n), TODAY), [
    {kind: 'phonesSilent', days: 22, date: day('2023-09-20')},
    {kind: 'quiet', days: 23, date: day('2023-09-19')},
  ]);
  assert.deepEqual(callReasons(lineOf(model, 3n), TODAY), [{kind: 'heldEvents'}]);
  assert.deepEqual(callReasons(lineOf(model, 4n), TODAY), [], 'a suspended team may be quiet');
  assert.deepEqual(found(model, {filter: 'calls'}), [2n, 1n, 3n]);
});

test('A sort is read from the address, and a press on a head turns it round', () => {
  assert.deepEqual(parseSort('-days', COLUMNS), {column: 'days', descending: true});
  assert.deepEqual(parseSort('nonsense', COLUMNS), {column: 'name', descending: false});
  assert.deepEqual(parseSort('days', CALL_COLUMNS), {column: 'why', descending: false});
  assert.equal(nextSort({column: 'name', descending: false}, 'days'), '-days');
  assert.equal(nextSort({column: 'days', descending: true}, 'days'), 'days');
  assert.equal(nextSort({column: 'name', descending: false}, 'name'), '-name');
});

test('Every column sorts both ways, equal lines by name', () => {
  const model = modelOf([team(3n, 'B', 5001n), team(1n, 'B', 5001n), team(2n, 'A', 5001n)]);
  for (const column of COLUMNS) {
    assert.deepEqual(found(model, {sort: column}), column === 'name' ? [2n, 1n, 3n] : [2n, 1n, 3n], column);
  }
  assert.deepEqual(found(model, {sort: '-days'}), [2n, 1n, 3n]);
});

test('A filter is written as it is read; what is not known is left out', () => {
  for (const filter of ['', 'quiet', 'calls', 'calls,held', 'quiet,money-PAID', 'money-COVERED_UNFUNDED']) {
    assert.equal(formatFilter(parseFilter(filter)), filter);
  }
  assert.equal(formatFilter(parseFilter('activity,money-NONSENSE,quiet')), 'quiet');
});

test('A line is made anew only when its team changed', () => {
  const model = modelOf([team(1n, 'A', 5001n), team(2n, 'B', 5001n)], {
    months: new Map([[1n, new Map([monthOf(202310, [1])])], [2n, new Map([monthOf(202310, [1])])]]),
  });
  const lines = new TeamLines();
  const before = lines.of(model, 0);
  const months = new Map(model.months);
  months.set(2n, new Map([monthOf(202310, [1, 2])]));
  const after = lines.of({...model, position: 101n, months}, 0);
  assert.equal(after[0], before[0]);
  assert.notEqual(after[1], before[1]);
  assert.equal(after[1]?.days, 2);
  const nextDay = lines.of({...model, months, localDate: TODAY + 1}, 0);
  assert.notEqual(nextDay[0], before[0], 'another day may say otherwise of every team');
});

test('A place is named from the village up, without the root of the scope and the province', () => {
  const model = modelOf([]);
  assert.equal(placeOf(model, 5001n), 'Thôn Nà Xá, Xã Vĩnh Kiên');
  assert.equal(placeOf({...model, scope: 15n}, 5001n), 'Thôn Nà Xá, Xã Vĩnh Kiên, Huyện Yên Bình');
  assert.equal(placeOf({...model, scope: 5001n}, 5001n), 'Thôn Nà Xá, Xã Vĩnh Kiên, Huyện Yên Bình');
  assert.equal(placeOf(model, 9n), '');
});

test('A team exists in the months from its first day to the one before its end', () => {
  const one = team(1n, 'A', 5001n, {foundedDate: day('2023-06-30'), endedDate: day('2023-09-01')});
  assert.deepEqual([202305, 202306, 202308, 202309].map((month) => existsIn(one, month)), [false, true, true, false]);
});

test('Ranks are kept while no new text comes', () => {
  const ranks = new Ranks();
  const first = ranks.of(['b', 'a', 'b']);
  assert.equal(ranks.of(['a']), first);
  assert.notEqual(ranks.of(['a', 'c']), first);
});

test('A step that touches one of 20,000 teams makes one line anew and keeps the order right', () => {
  const teams = Array.from({length: 20_000}, (_, index) => team(BigInt(index + 1), `Tổ số ${index % 7_000} Đồng Tâm`, index % 2 === 0 ? 5001n : 5002n));
  const months = new Map(teams.map((one, index) => [one.id, new Map([monthOf(202310, [(index % 12) + 1])])]));
  const model = modelOf(teams, {months});
  const lines = new TeamLines();
  const view = new TeamView();
  const query = {unit: 0n, filter: '', q: '', sort: '-days'};
  const before = lines.of(model, 0);
  view.select(model, before, query);
  const changed = new Map(months);
  changed.set(19_999n, new Map([monthOf(202310, [1, 2, 3])]));
  const next: Model = {...model, position: 101n, months: changed};
  const after = lines.of(next, 0);
  assert.equal(after.filter((line, index) => line !== before[index]).length, 1);
  const shown = view.select(next, after, query);
  assert.equal(shown.length, 20_000);
  assert.equal(shown[0]?.id, 19_999n);
});

test('A table that costs 50 ms waits 200 ms for the next step, never more than half a second, and for another area not at all', () => {
  const model = modelOf([]);
  const next = {...model, position: 101n};
  assert.equal(waitOf(model, next, 1_000, 50, 1_050), 150);
  assert.equal(waitOf(model, next, 1_000, 50, 1_300), 0);
  assert.equal(waitOf(model, next, 1_000, 1_800, 1_000), 500);
  assert.equal(waitOf(model, {...next, scope: 15n}, 1_000, 50, 1_000), 0);
  assert.equal(waitOf(model, {...next, position: 3n}, 1_000, 50, 1_000), 0, 'the past');
  assert.equal(waitOf(emptyModel, next, 1_000, 50, 1_000), 0);
});
