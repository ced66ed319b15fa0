// Goal: the first day of an area is the first on which it is on the map, and a
// search that did not hear an answer does not make one up.
// Method: dayAt() over two fake servers, the log before the area and after it,
// and over calls that fail.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Code, ConnectError} from '@connectrpc/connect';
import {WatchedProjection} from '../gen/thon/v1/watch_service_pb';
import {FakeWatchServer} from '../testing/fake_watch';
import {firstDay} from '../views/first_day';
import {dayAt} from './past';
import {QUERY} from './queries';
import {type WatchCall, watchOver} from './transport';

const never = new AbortController().signal;
const FIRST = 20_650;

// A log that has days from position 2 on and the area, as yet without a team,
// from position 300 on.
function log(): {call: WatchCall; asked: bigint[]} {
  const [empty, young, grown] = [new FakeWatchServer(), new FakeWatchServer(), new FakeWatchServer()];
  empty.localDate = 0;
  young.localDate = FIRST - 50;
  grown.localDate = FIRST;
  grown.set(QUERY.units, '07', new Uint8Array([8, 7]));
  const asked: bigint[] = [];
  const call: WatchCall = (request, signal) => {
    assert.equal(request.queries.length, 1);
    const [{projection, rootUnitId}] = request.queries;
    assert.deepEqual([projection, rootUnitId], [WatchedProjection.UNITS, 7n]);
    assert.equal(request.asOf?.moment.case, 'position');
    const position = request.asOf?.moment.value as bigint;
    asked.push(position);
    return (position < 2n ? empty : position < 300n ? young : grown).call(request, signal);
  };
  return {call, asked};
}

test('a day counts from where the area is on the map, not from where the log has days', async () => {
  const {call} = log();
  const days = [];
  for (const position of [1n, 2n, 299n, 300n]) days.push(await dayAt(call, 7n, position, never));
  assert.deepEqual(days, [0, 0, 0, FIRST]);
  assert.equal(await firstDay((position) => dayAt(call, 7n, position, never), 5_000n, never), FIRST);
});

test('no error is taken for an area that is not there', async () => {
  const codes = Object.values(Code).filter((code): code is Code => typeof code === 'number');
  assert.equal(codes.length, 16);
  for (const code of codes) {
    const whole = log();
    // Lost once, in the midst of the search.
    const call: WatchCall = (request, signal) => {
      if (whole.asked.length === 10) throw new ConnectError('planted', code);
      return whole.call(request, signal);
    };
    const found = firstDay((position) => dayAt(call, 7n, position, never), 5_000n, never);
    await assert.rejects(found, {code}, Code[code]);
    assert.equal(whole.asked.length, 10, 'and nothing is asked for after it');
  }
});

test('a connection that is lost, and tables that are cut off or damaged, fail the search', async () => {
  const real = globalThis.fetch;
  globalThis.fetch = () => Promise.reject(new TypeError('Failed to fetch'));
  try {
    await assert.rejects(dayAt(watchOver('http://127.0.0.1:1'), 7n, 5n, never), {code: Code.Unknown});
  } finally {
    globalThis.fetch = real;
  }
  const server = new FakeWatchServer();
  server.onCall = (stream) => stream.end();
  await assert.rejects(dayAt(server.call, 7n, 5n, never), {code: Code.DataLoss});
  server.onCall = (stream) => {
    stream.snapshot();
    stream.rows(QUERY.units, [['ff', new Uint8Array([1])]]);
    stream.progress();
  };
  await assert.rejects(dayAt(server.call, 7n, 5n, never), {code: Code.DataLoss});
});
