// Goal: an address says where the page is, and a wrong one harms nothing.
// Method: there and back for random routes; vectors of wrong ones.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {random, seed} from '../testing/seed';
import {formatRoute, go, home, href, parseRoute, type Route, route} from './url';

test('what is written is read again', () => {
  const dice = random(seed());
  for (let i = 0; i < 500; ++i) {
    const value: Route = {
      page: (['overview', 'teams', 'team', 'feed'] as const)[dice.next(4)],
      unit: dice.chance(30) ? 0n : 18_446_744_073_709_551_615n - BigInt(dice.next(9)),
      team: BigInt(dice.next(5)),
      at: [undefined, {date: dice.next(40_000) - 9000}, {position: 1n + BigInt(dice.next(99))}][dice.next(3)],
      filter: dice.chance(50) ? '' : 'quiet,held',
      q: dice.chance(50) ? '' : 'Đồng Tâm & ?=#%',
      sort: dice.chance(50) ? '' : '-name',
      month: dice.chance(50) ? 0 : 202301 + dice.next(12),
    };
    assert.deepEqual(parseRoute(formatRoute(value)), value);
  }
  assert.equal(formatRoute(home), '#/overview');
});

test('what is wrong in an address is as at home', () => {
  for (const hash of ['', '#', '#/', '#/nothing', '#/overview?unit=-1&team=x&at=zz&month=202313', '#/overview?unit=99999999999999999999', '#/overview?at=p0']) {
    assert.deepEqual(parseRoute(hash), home, hash);
  }
});

test('going changes what is named and keeps the rest', () => {
  go({page: 'teams', unit: 5n});
  go({filter: 'quiet'});
  assert.deepEqual(route.value, {...home, page: 'teams', unit: 5n, filter: 'quiet'});
  assert.equal(href({page: 'feed'}), '#/feed?unit=5&filter=quiet');
});
