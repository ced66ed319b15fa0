// Goal: moments of the past are kept at hand, within bounds, and forgotten when
// nobody may see them.
// Method: PastView over a loader that counts.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {emptyModel, type Team} from '../model/model';
import {FakeClock, settle} from '../testing/fake_clock';
import {PastView} from './past_view';

function world(teams: number): {view: PastView; loads: number[]; look(date: number): Promise<void>} {
  const loads: number[] = [];
  const list = new Map(Array.from({length: teams}, (_, i) => [BigInt(i), {} as Team]));
  const view = new PastView({
    clock: new FakeClock(),
    load: async (scope, at) => {
      loads.push('date' in at ? at.date : 0);
      return {model: {...emptyModel, scope, ready: true, teams: list}, digest: 'd'};
    },
    refused: () => assert.fail('refused'),
  });
  return {
    view,
    loads,
    async look(date) {
      view.turn(7n, {date});
      await settle();
      assert.equal(view.shown.value?.status.detail, 'none');
      assert.equal(view.shown.value?.status.state, 'past');
    },
  };
}

test('the last eight moments are at hand', async () => {
  const {loads, look} = world(1);
  for (let date = 1; date <= 9; ++date) await look(date);
  await look(9);
  await look(2);
  assert.equal(loads.length, 9);
  await look(1);
  assert.equal(loads.length, 10);
});

test('of a large province fewer, but always the last one', async () => {
  const {loads, look} = world(9_000);
  for (const date of [1, 2, 3]) await look(date);
  await look(2);
  assert.deepEqual(loads, [1, 2, 3]);
  await look(1);
  assert.deepEqual(loads, [1, 2, 3, 1]);
  const huge = world(50_000);
  await huge.look(1);
  await huge.look(1);
  assert.deepEqual(huge.loads, [1]);
});

test('what is forgotten is not shown, and asked for again', async () => {
  const {view, loads, look} = world(1);
  await look(1);
  view.forget();
  assert.equal(view.shown.value, undefined);
  await look(1);
  assert.deepEqual(loads, [1, 1]);
});
