// Goal: a hub's tables are the server's, it comes back from every break in the
// way that the contract asks for, and it never calls old tables live.
// Method: the hub over a fake server and a clock that the test moves; what it
// emits is applied as a page does it.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Code, ConnectError} from '@connectrpc/connect';
import {FakeClock, settle} from '../testing/fake_clock';
import {FakeWatchServer} from '../testing/fake_watch';
import {hex} from './digest';
import {keyBytes} from './fold';
import {unpack} from './packed';
import {QUERY} from './queries';
import type {LiveStatus} from './status';
import {type HubMessage, WatchHub} from './watch_hub';

class World {
  readonly clock = new FakeClock();
  readonly server = new FakeWatchServer();
  readonly tables = new Map<number, Map<string, string>>();
  readonly said: string[] = []; // state/detail, without repeats
  messages: HubMessage[] = [];
  online = true;
  readonly hub = new WatchHub({
    scope: 7n,
    call: this.server.call,
    clock: this.clock,
    online: () => this.online,
    emit: (message) => this.take(message),
  });

  get status(): LiveStatus {
    return this.hub.status;
  }

  async live(): Promise<void> {
    this.server.table(QUERY.teams).set('aa', new Uint8Array([1]));
    this.server.table(QUERY.teams).set('bb', new Uint8Array([2]));
    this.hub.start();
    await settle();
    assert.equal(this.status.state, 'live');
  }

  // The tables that a page has are the server's.
  assertSame(): void {
    for (const queryId of Object.values(QUERY)) {
      const wanted = [...this.server.table(queryId)].map(([key, row]) => [key, hex(row)]);
      assert.deepEqual(this.tables.get(queryId) ?? new Map(), new Map(wanted as [string, string][]));
    }
  }

  private take(message: HubMessage): void {
    this.messages.push(message);
    const now = `${message.status.state}/${message.status.detail}`;
    if (this.said.at(-1) !== now) this.said.push(now);
    assert.deepEqual(message.status, this.hub.status);
    if (message.type === 'forget') this.tables.clear();
    if (message.type !== 'tables' && message.type !== 'step') return;
    if (message.type === 'tables') this.tables.clear();
    for (const {queryId, cleared, block} of message.tables) {
      const table = cleared ? new Map<string, string>() : (this.tables.get(queryId) ?? new Map<string, string>());
      for (const [key, row] of unpack(block)) {
        if (row) {
          table.set(hex(keyBytes(key)), hex(row));
        } else {
          table.delete(hex(keyBytes(key)));
        }
      }
      this.tables.set(queryId, table);
    }
  }
}

test('a fresh start sounds the area, then watches it, and is live at the PROGRESS', async () => {
  const world = new World();
  world.server.localDate = 20_700; // 04/09/2026
  await world.live();
  assert.equal(world.server.streams.length, 2);
  const [sounding, watch] = world.server.streams;
  assert.equal(sounding.open, false, 'one stream only');
  assert.deepEqual(sounding.request.queries.map((query) => query.fields), [['team_id']]);
  assert.deepEqual(watch.queryIds, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  for (const query of watch.request.queries) assert.equal(query.rootUnitId, 7n);
  assert.equal(watch.request.queries[2].firstMonth, 202510, 'twelve months');
  world.assertSame();
  assert.equal(world.status.position, world.server.position);
  assert.equal(world.status.digestOk, true);
  assert.match(world.status.digest, /^[0-9a-f]{64}$/);
  world.hub.stop();
  assert.equal(world.server.openStreams.length, 0);
});

test('an area of more than 5,000 teams is watched for three months', async () => {
  const world = new World();
  for (let i = 0; i < 5001; ++i) {
    world.server.table(QUERY.teams).set(i.toString(16).padStart(4, '0'), new Uint8Array([i & 255]));
  }
  await world.live();
  assert.equal(world.server.last.request.queries[2].firstMonth, 202607);
  world.hub.stop();
});

test('a step shows at its PROGRESS, not before', async () => {
  const world = new World();
  await world.live();
  world.server.set(QUERY.teams, 'cc', new Uint8Array([3]));
  world.server.set(QUERY.teams, 'aa', undefined);
  await settle();
  assert.equal(world.tables.get(QUERY.teams)?.has('cc'), false);
  world.server.progress();
  await settle();
  world.assertSame();
  assert.equal(world.messages.at(-1)?.type, 'step');
  assert.deepEqual(world.said, ['live/none']);
  world.hub.stop();
});

test('a break is said at once, and the stream goes on with the last token', async () => {
  const world = new World();
  await world.live();
  const {position} = world.server;
  // A step that never gets its PROGRESS.
  world.server.last.rows(QUERY.teams, [['dd', new Uint8Array([4])]]);
  await settle();
  world.server.last.end(new ConnectError('reset', Code.Unknown));
  await settle();
  assert.equal(world.status.state, 'connecting');
  assert.equal(world.status.detail, 'connection-lost');
  await world.clock.advance(500);
  assert.equal(new TextDecoder().decode(world.server.last.request.resumeToken), `token ${position}`);
  assert.equal(world.status.state, 'live');
  world.assertSame();
  world.hub.stop();
});

test('silence of 30 s is stale, and the stream is opened again', async () => {
  const world = new World();
  await world.live();
  const silent = world.server.last;
  await world.clock.advance(29_000);
  assert.equal(world.status.state, 'live');
  // What comes next brings nothing: the server hangs.
  world.server.onCall = () => {};
  await world.clock.advance(3_000);
  assert.equal(world.status.state, 'stale');
  assert.equal(silent.open, false);
  assert.equal(world.server.last.hasToken, true);
  assert.notEqual(world.server.last, silent);
  const since = world.status.since;
  // The new one hangs too: still stale, since the same moment, tried again.
  const calls = world.server.streams.length;
  await world.clock.advance(120_000);
  assert.equal(world.status.state, 'stale');
  assert.equal(world.status.since, since);
  assert.ok(world.server.streams.length >= calls + 2);
  assert.equal(world.server.openStreams.length <= 1, true);
  world.server.onCall = (stream) => world.server.welcome(stream);
  await world.clock.advance(60_000);
  world.hub.stop();
  assert.ok(world.said.includes('live/none'));
});

test('a stream with rows but no PROGRESS is stale, yet not cut off at once', async () => {
  const world = new World();
  await world.live();
  const slow = world.server.last;
  for (let second = 0; second < 60; second += 5) {
    slow.rows(QUERY.teams, [['ee', new Uint8Array([second])]]);
    await world.clock.advance(5_000);
  }
  assert.equal(world.status.state, 'stale');
  assert.equal(slow.open, true, 'a large step on a slow line');
  for (let second = 0; second < 300; second += 5) {
    slow.rows(QUERY.teams, [['ee', new Uint8Array([second & 255])]]);
    await world.clock.advance(5_000);
  }
  assert.equal(slow.open, false, 'but not for ever');
  world.hub.stop();
});

test('a computer that slept finds its tables stale, not live', async () => {
  const world = new World();
  await world.live();
  world.clock.sleep(3_600_000);
  world.server.onCall = () => {};
  await world.clock.advance(1_000);
  assert.equal(world.status.state, 'stale');
  world.hub.stop();
});

test('a wall clock that is set back hides nothing', async () => {
  const world = new World();
  await world.live();
  world.clock.sleep(-86_400_000);
  world.server.onCall = () => {};
  await world.clock.advance(32_000);
  assert.equal(world.status.state, 'stale');
  world.hub.stop();
});

test('the pauses grow from 0.5 s to 15 s, with jitter', async () => {
  const world = new World();
  await world.live();
  const calls: number[] = [];
  world.server.onCall = (stream) => {
    calls.push(world.clock.steady);
    stream.end(new ConnectError('refused', Code.Unknown));
  };
  world.clock.jitter = 0.999_999;
  calls.push(world.clock.steady);
  world.server.last.end(new ConnectError('reset', Code.Unknown));
  await world.clock.advance(120_000);
  const pauses = calls.slice(1).map((at, i) => Math.round(at - calls[i]));
  assert.deepEqual(pauses.slice(0, 8), [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  world.clock.jitter = 0;
  const before = calls.length;
  await world.clock.advance(90_000);
  const later = calls.slice(before).map((at, i) => Math.round(at - calls[before + i - 1]));
  assert.ok(later.slice(1).every((pause) => pause === 7500), `${later}`);
  world.hub.stop();
});

test('a server that asks for patience gets it', async () => {
  const world = new World();
  await world.live();
  const error = new ConnectError('full', Code.ResourceExhausted);
  // RetryInfo with 20.5 s.
  const retry = new Uint8Array([0x0a, 0x08, 0x08, 20, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01]);
  error.details.push({type: 'google.rpc.RetryInfo', value: retry} as never);
  world.server.last.end(error);
  await world.clock.advance(20_400);
  assert.equal(world.status.detail, 'too-many-watches');
  assert.equal(world.server.openStreams.length, 0);
  await world.clock.advance(200);
  assert.equal(world.status.state, 'live');
  world.hub.stop();
});

test('a token of another history is dropped, and the tables come anew', async () => {
  for (const code of [Code.OutOfRange, Code.InvalidArgument]) {
    const world = new World();
    await world.live();
    world.server.onCall = (stream) => {
      if (stream.hasToken) {
        stream.end(new ConnectError('ANOTHER_HISTORY', code));
      } else {
        world.server.welcome(stream);
      }
    };
    world.server.position = 3n; // less than before: another history it is
    world.server.table(QUERY.teams).delete('aa');
    world.server.last.end(new ConnectError('reset', Code.Unknown));
    await world.clock.advance(500);
    assert.equal(world.status.detail, 'another-history');
    assert.notEqual(world.status.state, 'live');
    await world.clock.advance(600);
    assert.equal(world.server.last.hasToken, false);
    assert.equal(world.status.state, 'live');
    assert.equal(world.status.position, 3n);
    world.assertSame();
    world.hub.stop();
  }
});

test('a digest that does not match is said, and the tables come anew', async () => {
  const world = new World();
  await world.live();
  const good = new Map(world.tables);
  // A row changed on the way.
  world.server.table(QUERY.teams).set('aa', new Uint8Array([9]));
  world.server.last.rows(QUERY.teams, [['aa', new Uint8Array([8])]]);
  world.server.onCall = () => {};
  world.server.progress();
  await settle();
  assert.equal(world.status.state, 'corrupt');
  assert.equal(world.status.digestOk, false);
  assert.deepEqual(world.tables, good, 'the damaged step is not shown');
  assert.equal(world.hub.whole().type, 'status', 'nor given to a tab that comes now');
  await world.clock.advance(600);
  assert.equal(world.server.last.hasToken, false);
  world.server.onCall = (stream) => world.server.welcome(stream);
  world.server.last.end();
  await world.clock.advance(2_000);
  assert.equal(world.status.state, 'live');
  assert.equal(world.status.digestOk, true);
  world.assertSame();
  world.hub.stop();
});

test('damage that stays is not asked for in a tight loop', async () => {
  const world = new World();
  world.server.onCall = (stream) => {
    stream.snapshot();
    if (stream.queryIds.length > 1) stream.rows(QUERY.teams, [['ff', new Uint8Array([1])]]);
    stream.progress();
  };
  world.hub.start();
  await world.clock.advance(60_000);
  assert.equal(world.status.state, 'corrupt');
  assert.ok(world.server.streams.length < 30, `${world.server.streams.length} calls`);
  world.hub.stop();
});

test('nobody who may not see the area keeps it', async () => {
  for (const [code, detail] of [
    [Code.PermissionDenied, 'permission-denied'],
    [Code.Unauthenticated, 'unauthenticated'],
  ] as const) {
    const world = new World();
    await world.live();
    world.server.last.end(new ConnectError('no', code));
    await settle();
    assert.equal(world.status.state, 'denied');
    assert.equal(world.status.detail, detail);
    assert.equal(world.tables.size, 0);
    assert.equal(world.messages.at(-1)?.type, 'forget');
    const calls = world.server.streams.length;
    await world.clock.advance(120_000);
    assert.equal(world.server.streams.length, calls, 'nothing more is tried');
    world.hub.stop();
  }
});

test('the network that is back ends the pause', async () => {
  const world = new World();
  await world.live();
  world.online = false;
  world.server.onCall = (stream) => stream.end(new ConnectError('no net', Code.Unknown));
  world.server.last.end(new ConnectError('no net', Code.Unknown));
  await world.clock.advance(20_000);
  assert.equal(world.status.detail, 'offline');
  await world.clock.advance(20_000);
  assert.equal(world.status.state, 'stale', 'offline is no excuse');
  world.server.onCall = (stream) => world.server.welcome(stream);
  world.online = true;
  world.hub.wake();
  await settle();
  assert.equal(world.status.state, 'live');
  world.hub.stop();
});

test('a month that begins moves the window, at the latest two months later', async () => {
  const world = new World();
  await world.live();
  world.server.localDate = 20_700 + 61; // 04/11/2026
  world.server.progress();
  await settle();
  assert.equal(world.server.streams.length, 2, 'two months too many are borne');
  world.server.localDate = 20_700 + 91; // 04/12/2026
  world.server.progress();
  await settle();
  assert.equal(world.server.last.request.queries[2].firstMonth, 202601);
  assert.equal(world.status.state, 'live');
  world.assertSame();
  assert.deepEqual(world.said, ['live/none', 'connecting/new-window', 'live/none']);
  world.hub.stop();
});

test('a server that ends every stream well is not taken for a live one', async () => {
  const world = new World();
  await world.live();
  world.server.onCall = (stream) => stream.end();
  world.server.last.end();
  await world.clock.advance(40_000);
  assert.equal(world.status.state, 'stale');
  assert.ok(world.server.streams.length < 15);
  world.hub.stop();
});

test('a hub that is stopped says nothing more', async () => {
  const world = new World();
  await world.live();
  const before = world.messages.length;
  world.hub.stop();
  await world.clock.advance(120_000);
  assert.equal(world.messages.length, before);
  assert.equal(world.server.openStreams.length, 0);
});

test('a server that refuses the queries is said to, and not asked in a tight loop', async () => {
  const world = new World();
  world.server.onCall = (stream) => stream.end(new ConnectError('no field', Code.InvalidArgument));
  world.hub.start();
  await world.clock.advance(60_000);
  assert.equal(world.status.state, 'connecting');
  assert.equal(world.status.detail, 'bad-request');
  assert.ok(world.server.streams.length < 15);
  world.hub.stop();
});
