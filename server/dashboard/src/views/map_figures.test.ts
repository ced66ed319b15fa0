// Goal: a map's colour says the same as its legend. Method: overviews made here,
// at the edges of the steps.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import type {Overview} from '../model/aggregate';
import {amountOf, MAP_FIGURES, roundUp, scaleOf, stepOf} from './map_figures';

function overview(part: Partial<Overview>): Overview {
  return {
    month: 202310,
    teams: 10,
    active: 0,
    quiet: 0,
    notReported: 0,
    phonesSilent: 0,
    neverSynced: 0,
    moneyByState: new Map(),
    amount: 0n,
    ceiling: 0n,
    ceilingUsed: 0n,
    change: undefined,
    ...part,
  };
}
const paying = (amount: bigint): Overview => overview({amount});

test('a share falls into the step whose bounds the legend names', () => {
  const scale = scaleOf('active', []);
  const step = (active: number): number | undefined => stepOf('active', scale, overview({active}))?.step;
  assert.deepEqual([0, 1, 2, 3, 4, 6, 7, 8, 10].map(step), [0, 0, 1, 1, 2, 3, 3, 4, 4]);
});

test('where there is no team there is no step', () => {
  for (const figure of MAP_FIGURES) {
    const none = overview({teams: 0});
    assert.equal(stepOf(figure, scaleOf(figure, [none]), none), undefined);
    assert.equal(amountOf(figure, none), undefined);
  }
});

test('a scale of sums covers every unit in five steps without a gap', () => {
  for (const max of [0n, 1n, 3n, 500_000n, 7_000_000n, 385_500_000n]) {
    const units = [paying(0n), paying(max / 2n), paying(max)];
    const scale = scaleOf('money', units);
    assert.equal(scale.length, 5);
    scale.forEach((step, i) => assert.equal(step.from, i === 0 ? 0 : scale[i - 1].to));
    for (const unit of units) {
      const step = stepOf('money', scale, unit)!;
      const amount = Number(unit.amount);
      assert.ok(amount >= step.from && amount < step.to, `${amount} in ${step.from}..${step.to}`);
    }
  }
});

test('round numbers are the least of 1, 2, 5 times a power of ten', () => {
  assert.deepEqual([0, 1, 2, 3, 5, 6, 11, 20, 21, 99, 1e6, 1.1e6].map(roundUp), [
    1, 1, 2, 5, 5, 10, 20, 20, 50, 100, 1e6, 2e6,
  ]);
});
