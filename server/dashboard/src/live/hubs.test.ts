// Goal: all tabs of a browser share one stream an area, each has the tables,
// and none is left behind or served for somebody else.
// Method: Hubs over a fake server and clock, with ports as tabs have them.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Code, ConnectError} from '@connectrpc/connect';
import {FakeClock, settle} from '../testing/fake_clock';
import {FakeWatchServer} from '../testing/fake_watch';
import {type FromHubs, Hubs, HUBS_MAX, type ToHubs} from './hubs';
import {QUERY} from './queries';

class World {
  readonly clock = new FakeClock();
  readonly server = new FakeWatchServer();
  readonly hubs = new Hubs({call: this.server.call, clock: this.clock, online: () => true});

  constructor() {
    this.server.table(QUERY.teams).set('aa', new Uint8Array([1]));
  }

  tab(): Tab {
    return new Tab(this.hubs);
  }

  // Streams that are not over, by area.
  get areas(): bigint[] {
    return this.server.openStreams.map((stream) => stream.request.queries[0].rootUnitId);
  }
}

class Tab {
  readonly messages: FromHubs[] = [];
  readonly say: (message: ToHubs) => void;

  constructor(hubs: Hubs) {
    this.say = hubs.connect((message) => this.messages.push(message));
  }

  get state(): string {
    for (const message of [...this.messages].reverse()) {
      if ('status' in message) return `${message.status.state}/${message.status.detail}`;
    }
    return '';
  }

  get types(): string[] {
    return this.messages.map((message) => message.type);
  }
}

test('ten tabs of an area have one stream, and each the whole tables and every step', async () => {
  const world = new World();
  const tabs = Array.from({length: 10}, () => world.tab());
  tabs[0].say({type: 'attach', officer: 1n, scope: 5n});
  await settle();
  for (const tab of tabs.slice(1)) tab.say({type: 'attach', officer: 1n, scope: 5n});
  await settle();
  assert.deepEqual(world.areas, [5n]);
  world.server.set(QUERY.teams, 'bb', new Uint8Array([2]));
  world.server.progress();
  await settle();
  for (const tab of tabs) {
    assert.equal(tab.state, 'live/none');
    assert.deepEqual(tab.types.filter((type) => type !== 'status'), ['tables', 'step']);
  }
});

test('a tab that goes does not stop the others; the last one does, after a while', async () => {
  const world = new World();
  const [a, b] = [world.tab(), world.tab()];
  for (const tab of [a, b]) tab.say({type: 'attach', officer: 1n, scope: 5n});
  await settle();
  a.say({type: 'detach'});
  const before = a.messages.length;
  world.server.progress();
  await settle();
  assert.equal(b.types.at(-1), 'step');
  assert.equal(a.messages.length, before);
  b.say({type: 'detach'});
  await world.clock.advance(10_000);
  assert.equal(world.areas.length, 1, 'the tab may be loading again');
  await world.clock.advance(20_000);
  assert.equal(world.areas.length, 0);
});

test('a tab that loads again within that while goes on with the same stream', async () => {
  const world = new World();
  const tab = world.tab();
  tab.say({type: 'attach', officer: 1n, scope: 5n});
  await settle();
  const calls = world.server.streams.length;
  tab.say({type: 'detach'});
  await world.clock.advance(5_000);
  const again = world.tab();
  again.say({type: 'attach', officer: 1n, scope: 5n});
  assert.equal(again.types[0], 'tables', 'at once');
  assert.equal(world.server.streams.length, calls);
});

test('a tab that vanished without a word is let go, and one that only slept is told', async () => {
  const world = new World();
  const tab = world.tab();
  tab.say({type: 'attach', officer: 1n, scope: 5n});
  await settle();
  const serve = setIntervalProgress(world);
  for (let minute = 0; minute < 5; ++minute) await serve(60_000);
  assert.equal(world.areas.length, 0);
  tab.say({type: 'ping', serial: 1});
  assert.deepEqual(tab.types.slice(-2), ['pong', 'lost']);
});

// Lets time go by on a server that keeps its promise of PROGRESS.
function setIntervalProgress(world: World): (ms: number) => Promise<void> {
  return async (ms) => {
    for (let gone = 0; gone < ms; gone += 10_000) {
      await world.clock.advance(10_000);
      world.server.progress();
    }
    await settle();
  };
}

test('a tab in the background that pings once a minute is kept', async () => {
  const world = new World();
  const tab = world.tab();
  tab.say({type: 'attach', officer: 1n, scope: 5n});
  await settle();
  const serve = setIntervalProgress(world);
  for (let minute = 0; minute < 10; ++minute) {
    await serve(60_000);
    tab.say({type: 'ping', serial: minute});
  }
  assert.equal(world.areas.length, 1);
  assert.equal(tab.types.includes('lost'), false);
  assert.equal(tab.state, 'live/none');
});

test('a tab that changes its area leaves the other one', async () => {
  const world = new World();
  const tab = world.tab();
  tab.say({type: 'attach', officer: 1n, scope: 5n});
  await settle();
  tab.say({type: 'attach', officer: 1n, scope: 6n});
  await settle();
  assert.deepEqual(world.areas, [5n, 6n]);
  await world.clock.advance(30_000);
  assert.deepEqual(world.areas, [6n]);
  const scopes = tab.messages.map((message) => ('scope' in message ? message.scope : undefined));
  assert.equal(scopes.at(-1), 6n);
});

test('more areas than connections: the tab is told, and served when one is free', async () => {
  const world = new World();
  const tabs = Array.from({length: HUBS_MAX + 1}, () => world.tab());
  tabs.forEach((tab, i) => tab.say({type: 'attach', officer: 1n, scope: BigInt(i + 1)}));
  await settle();
  const late = tabs[HUBS_MAX];
  assert.equal(late.state, 'connecting/too-many-areas');
  assert.equal(world.areas.length, HUBS_MAX);
  tabs[0].say({type: 'detach'});
  await world.clock.advance(10_000);
  assert.equal(late.state, 'live/none');
  assert.equal(world.areas.length, HUBS_MAX);
});

test('another officer logs in: the streams of the first one end and their tables go', async () => {
  const world = new World();
  const [a, b] = [world.tab(), world.tab()];
  a.say({type: 'attach', officer: 1n, scope: 5n});
  await settle();
  b.say({type: 'attach', officer: 2n, scope: 5n});
  await settle();
  assert.equal(a.types.at(-1), 'forget');
  assert.equal(a.state, 'denied/unauthenticated');
  assert.equal(b.state, 'live/none');
  assert.equal(world.areas.length, 1);
  // The first tab's pings do not bring it back by themselves.
  a.say({type: 'ping', serial: 1});
  await settle();
  assert.equal(b.state, 'live/none');
});

test('a log-out in one tab ends all of them', async () => {
  const world = new World();
  const [a, b] = [world.tab(), world.tab()];
  for (const tab of [a, b]) tab.say({type: 'attach', officer: 1n, scope: 5n});
  await settle();
  b.say({type: 'signed-out'});
  await settle();
  assert.equal(world.areas.length, 0);
  for (const tab of [a, b]) assert.equal(tab.state, 'denied/unauthenticated');
});

test('a refusal reaches every tab, and who asks again is asked for again', async () => {
  const world = new World();
  const [a, b] = [world.tab(), world.tab()];
  for (const tab of [a, b]) tab.say({type: 'attach', officer: 1n, scope: 5n});
  await settle();
  world.server.last.end(new ConnectError('no', Code.PermissionDenied));
  await settle();
  for (const tab of [a, b]) assert.equal(tab.state, 'denied/permission-denied');
  // The right is given again.
  b.say({type: 'attach', officer: 1n, scope: 5n});
  await settle();
  for (const tab of [a, b]) assert.equal(tab.state, 'live/none');
  assert.equal(world.areas.length, 1);
});
