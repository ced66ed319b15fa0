// Goal: moments of the past are kept at hand, within bounds, and forgotten when
// nobody may see them.
// Method: PastView over a loader that counts.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Code, ConnectError} from '@connectrpc/connect';
import {emptyModel, type Team} from '../model/model';
import {FakeClock, settle} from '../testing/fake_clock';
import type {Past} from './past';
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

test('what is on its way when all is forgotten is cut off, not shown and not kept', async () => {
  const ways: ((view: PastView) => void)[] = [
    (view) => view.forget(),
    (view) => view.turn(0n, undefined),
    (view) => view.turn(7n, {date: 2}),
  ];
  for (const leave of ways) {
    const loads: {date: number; signal: AbortSignal; answer(past: Past): void; fail(error: unknown): void}[] = [];
    const view = new PastView({
      clock: new FakeClock(),
      load: (_scope, at, signal) =>
        new Promise((answer, fail) => {
          loads.push({date: 'date' in at ? at.date : 0, signal, answer, fail});
        }),
      refused: () => assert.fail('refused'),
    });
    const past = {model: {...emptyModel, scope: 7n, ready: true}, digest: 'd'};
    view.turn(7n, {date: 1});
    assert.equal(view.shown.value?.status.detail, 'past-loading');
    leave(view);
    const shown = view.shown.value;
    assert.equal(loads[0].signal.aborted, true);
    loads[0].answer(past);
    await settle();
    assert.equal(view.shown.value, shown);
    assert.notEqual(shown?.model.ready, true);
    // Not kept either: it is asked for again. A failure comes as late as a table.
    view.turn(7n, {date: 1});
    assert.equal(loads.at(-1)?.date, 1);
    assert.ok(loads.length >= 2);
    view.forget();
    loads.at(-1)?.fail(new ConnectError('no', Code.PermissionDenied));
    await settle();
    assert.equal(view.shown.value, undefined);
  }
});

test('what is forgotten is not shown, and asked for again', async () => {
  const {view, loads, look} = world(1);
  await look(1);
  view.forget();
  assert.equal(view.shown.value, undefined);
  await look(1);
  assert.deepEqual(loads, [1, 1]);
});
