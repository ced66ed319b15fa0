// Goal: the first day of an area is found with few watches of the past, never
// two at once and none after one has left.
// Method: firstDay() over a log that counts who asks.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {settle} from '../testing/fake_clock';
import {random, seed} from '../testing/seed';
import {ASKED_MAX, firstDay} from './first_day';

class Log {
  asked = 0;
  open = 0;
  mostOpen = 0;

  constructor(readonly begins: bigint) {}

  readonly dayAt = async (position: bigint): Promise<number> => {
    this.asked += 1;
    this.open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.open);
    await Promise.resolve();
    this.open -= 1;
    return position < this.begins ? 0 : 19_000 + Number(position - this.begins);
  };
}

const never = new AbortController().signal;

test('the first day is found, one watch at a time and few in all', async () => {
  const dice = random(seed());
  const lasts = [1n, 2n, 3n, 1_000n, 1n << 32n];
  for (let i = 0; i < 200; ++i) {
    const last = lasts[dice.next(lasts.length)];
    const log = new Log(1n + (BigInt(dice.next(1_000_000_000)) * last) / 1_000_000_000n);
    assert.equal(await firstDay(log.dayAt, last, never), 19_000, `${log.begins} of ${last}`);
    assert.equal(log.mostOpen, 1);
    assert.ok(log.asked <= ASKED_MAX, `${log.asked} for ${last}`);
  }
});

test('an area of which nothing is known has no first day, and a log without an end is not searched for ever', async () => {
  const nothing = new Log(1n << 62n);
  assert.equal(await firstDay(nothing.dayAt, 1_000n, never), 0);
  assert.ok(nothing.asked <= 12);
  const endless = new Log((1n << 61n) + 1n);
  assert.equal(await firstDay(endless.dayAt, (1n << 63n) - 1n, never), 0);
  assert.equal(endless.asked, ASKED_MAX);
});

test('who has left asks for nothing more', async () => {
  const leaving = new AbortController();
  const log = new Log(700n);
  const found = firstDay(
    async (position) => {
      if (log.asked === 4) leaving.abort();
      return log.dayAt(position);
    },
    1_000n,
    leaving.signal,
  );
  await assert.rejects(found, {name: 'AbortError'});
  await settle();
  assert.equal(log.asked, 5);
});

test('a server that is away ends the search', async () => {
  const log = new Log(700n);
  const found = firstDay(
    (position) => (log.asked === 3 ? Promise.reject(new Error('away')) : log.dayAt(position)),
    1_000n,
    never,
  );
  await assert.rejects(found, /away/);
});
