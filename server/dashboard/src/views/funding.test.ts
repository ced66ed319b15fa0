// Goal: what a unit takes of the funding decisions that cover a month. Method: a
// province of two communes with a team each, made here.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
  DeterminationState,
  type DeterminationView,
  emptyModel,
  type FundingView,
  type Model,
  type Unit,
} from '../model/model';
import {fundingUse} from './funding';

const unit = (id: bigint, level: Unit['level'], parent: bigint): Unit => ({id, level, parent, name: String(id), code: ''});
const team = (id: bigint, of: bigint) => ({
  id,
  name: String(id),
  unit: of,
  level: 'village' as const,
  foundedDate: 1,
  endedDate: 0,
  suspended: false,
  suspensions: [],
});
const owes = (beneficiary: bigint, month: number, more: Partial<DeterminationView> = {}): DeterminationView => ({
  policyId: 'YB',
  kind: 'team',
  beneficiary,
  month,
  state: DeterminationState.PROVISIONAL,
  amount: 500_000n,
  reasons: [],
  ...more,
});
const decision = (more: Partial<FundingView> = {}): FundingView => ({
  policyId: 'YB',
  firstMonth: 202306,
  lastMonth: 202312,
  ceiling: 7_000_000n,
  number: '1845/QĐ-UBND',
  teamCount: 2,
  ...more,
});

const model: Model = {
  ...emptyModel,
  ready: true,
  scope: 1n,
  firstMonth: 202302,
  units: new Map([unit(1n, 'province', 0n), unit(2n, 'commune', 1n), unit(3n, 'commune', 1n)].map((u) => [u.id, u])),
  children: new Map([[1n, [unit(2n, 'commune', 1n), unit(3n, 'commune', 1n)]]]),
  teams: new Map([team(10n, 2n), team(11n, 3n)].map((t) => [t.id, t])),
  teamsByUnit: new Map([
    [2n, [10n]],
    [3n, [11n]],
  ]),
  determinations: new Map([
    [
      10n,
      [
        owes(10n, 202305),
        owes(10n, 202306, {state: DeterminationState.PAID}),
        owes(10n, 202310),
        owes(10n, 202310, {policyId: 'OTHER'}),
        owes(10n, 202311, {state: DeterminationState.HELD, amount: 0n}),
      ],
    ],
    [11n, [owes(11n, 202312), owes(11n, 202401)]],
  ]),
  fundings: [decision()],
};

test('what is owed for the decision’s months and policy counts, and nothing else', () => {
  const use = fundingUse(model, 1n, 202310);
  assert.equal(use.ceiling, 7_000_000n);
  assert.equal(use.used, 1_500_000n);
  assert.deepEqual(use.byState.get(DeterminationState.PAID), {count: 1, amount: 500_000n});
  assert.deepEqual(use.byState.get(DeterminationState.HELD), {count: 1, amount: 0n});
  assert.equal(use.complete, true);
});

test('a unit below has its own part of the same ceiling', () => {
  assert.equal(fundingUse(model, 2n, 202306).used, 1_000_000n);
  assert.equal(fundingUse(model, 3n, 202306).used, 500_000n);
});

test('a month that no decision covers has none', () => {
  for (const month of [202305, 202401]) {
    const use = fundingUse(model, 1n, month);
    assert.deepEqual([use.fundings.length, use.ceiling, use.used], [0, 0n, 0n]);
  }
});

test('a determination under two decisions counts once, and their ceilings add up', () => {
  const twice = {...model, fundings: [decision(), decision({firstMonth: 202310, ceiling: 1_000_000n})]};
  const use = fundingUse(twice, 1n, 202310);
  assert.deepEqual([use.ceiling, use.used], [8_000_000n, 1_500_000n]);
});

test('it is said when months of a decision are not followed', () => {
  assert.equal(fundingUse({...model, firstMonth: 202308}, 1n, 202310).complete, false);
});
