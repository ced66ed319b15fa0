// Goal: what the views read is of one moment, says how old it is, and is gone
// when nobody may see it; the past is never taken for the present.
// Method: LivePage over real Hubs, a fake server and a fake clock.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {create} from '@bufbuild/protobuf';
import {signal} from '@preact/signals';
import {Code, ConnectError} from '@connectrpc/connect';
import {UnitLevel} from '../gen/thon/v1/event_pb';
import {
  type GetViewerResponse,
  GetViewerResponseSchema,
  type ListPoliciesResponse,
  ListPoliciesResponseSchema,
} from '../gen/thon/v1/query_service_pb';
import type {AtParam} from '../lib/url';
import {FakeClock, settle} from '../testing/fake_clock';
import {FakeWatchServer} from '../testing/fake_watch';
import {Area} from '../testing/rows';
import type {BackendFactory} from './backend';
import {Hubs, type ToHubs} from './hubs';
import {LivePage} from './live_page';
import {loadPast} from './past';
import {QUERY} from './queries';

class World {
  readonly clock = new FakeClock();
  readonly server = new FakeWatchServer();
  readonly at = signal<AtParam | undefined>(undefined);
  readonly hubs = new Hubs({call: this.server.call, clock: this.clock, online: () => true});
  officer = 1n;
  grants = [{unitId: 7n}];
  viewerError: unknown;
  policyCalls = 0;
  workerDead = false;
  say: ((message: ToHubs) => void) | undefined; // as the page says it
  backendsMade = 0;
  failed: (() => void) | undefined; // of the newest backend
  readonly stored = new Map<bigint, bigint>();
  readonly backend: BackendFactory = ({receive, failed}) => {
    ++this.backendsMade;
    this.failed = failed;
    let open = true;
    const post = (this.say = this.hubs.connect((message) => queueMicrotask(() => open && !this.workerDead && receive(message))));
    return {
      post: (message) => {
        if (!this.workerDead) post(message);
      },
      close: () => {
        open = false;
        post({type: 'detach'});
      },
    };
  };
  readonly page = new LivePage({
    clock: this.clock,
    backends: [this.backend, this.backend],
    getViewer: () => this.viewer(),
    listPolicies: () => this.policies(),
    loadPast: (scope, at, abort) => loadPast(this.server.call, scope, at, abort),
    at: () => this.at.value,
    remembered: {
      get: (officer) => this.stored.get(officer) ?? 0n,
      set: (officer, scope) => void this.stored.set(officer, scope),
    },
  });

  constructor(level = UnitLevel.PROVINCE) {
    this.fill(new Area().unit(7n, level, 'Yên Bái', 0n).team(100n, 7n));
  }

  get state(): string {
    const {state, detail} = this.page.status.value;
    return `${state}/${detail}`;
  }

  fill(area: Area): void {
    for (const [queryId, rows] of area.rows) {
      for (const [key, row] of rows) {
        this.server.set(queryId, Buffer.from(key).toString('hex'), row);
      }
    }
  }

  async start(): Promise<void> {
    this.page.start();
    await settle();
  }

  // Lets time go by on a server that keeps its promise of PROGRESS.
  async pass(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += 10_000) {
      this.server.progress();
      await this.clock.advance(10_000);
    }
  }

  private async viewer(): Promise<GetViewerResponse> {
    if (this.viewerError !== undefined) throw this.viewerError;
    return create(GetViewerResponseSchema, {
      officerId: this.officer,
      grants: this.grants,
      units: this.grants.map(({unitId}) => ({unitId})),
    });
  }

  private async policies(): Promise<ListPoliciesResponse> {
    ++this.policyCalls;
    return create(ListPoliciesResponseSchema, {
      policies: [{policyId: 'yb', version: 1, issuerUnitId: 1n}],
    });
  }
}

test('one grant of a unit is the area; the model comes with its moment', async () => {
  const world = new World();
  assert.equal(world.state, 'connecting/no-scope');
  await world.start();
  assert.equal(world.state, 'live/none');
  assert.equal(world.page.scope.value, 7n);
  assert.equal(world.page.viewer.value?.officerId, 1n);
  const model = world.page.model.value;
  assert.equal(model.ready, true);
  assert.equal(model.position, world.page.status.value.position);
  assert.equal(model.teams.get(100n)?.name, 'Tổ 100');
});

test('a grant of the whole log, or of two units: nothing is shown until one is chosen', async () => {
  for (const grants of [[{unitId: 0n}], [{unitId: 7n}, {unitId: 8n}]]) {
    const world = new World();
    world.grants = grants;
    await world.start();
    assert.equal(world.state, 'connecting/no-scope');
    assert.equal(world.server.streams.length, 0);
    world.page.setScope(7n);
    await settle();
    assert.equal(world.state, 'live/none');
    assert.equal(world.stored.get(1n), 7n, 'and remembered');
    world.page.setScope(0n);
    await settle();
    assert.equal(world.state, 'connecting/no-scope', 'back to the choice');
    assert.equal(world.page.model.value.ready, false);
    assert.equal(world.stored.get(1n), 0n);
    await world.pass(60_000);
    assert.equal(world.state, 'connecting/no-scope');
    assert.equal(world.server.openStreams.length, 0, 'the area left is let go');
  }
});

test('steps that come fast are shown together, the last one in 200 ms at most', async () => {
  const world = new World();
  await world.start();
  await world.pass(10_000);
  const shown: bigint[] = [];
  const stop = world.page.model.subscribe((model) => shown.push(model.position));
  for (let i = 0; i < 20; ++i) {
    world.fill(new Area().team(200n + BigInt(i), 7n));
    world.server.progress();
    await world.clock.advance(10);
    assert.equal(world.page.model.value.position, world.page.status.value.position);
  }
  await world.clock.advance(200);
  assert.equal(world.page.model.value.teams.size, 21);
  assert.equal(world.page.model.value.position, world.server.position);
  assert.ok(shown.length <= 4, `${shown.length} models`);
  stop();
});

test('not logged in: said, nothing is kept, other tabs are told, and no loop', async () => {
  const world = new World();
  await world.start();
  world.viewerError = new ConnectError('no', Code.Unauthenticated);
  world.page.retry();
  await settle();
  const calls = world.server.streams.length;
  assert.equal(world.state, 'denied/unauthenticated');
  assert.equal(world.page.model.value.ready, false);
  assert.equal(world.page.model.value.teams.size, 0);
  assert.equal(world.page.viewer.value, undefined);
  assert.equal(world.server.openStreams.length, 0);
  await world.clock.advance(300_000);
  assert.equal(world.server.streams.length, calls);
  // Logged in again.
  world.viewerError = undefined;
  world.page.retry();
  await settle();
  assert.equal(world.state, 'live/none');
});

test('a server that does not answer at first is asked again', async () => {
  const world = new World();
  world.viewerError = new ConnectError('starting', Code.Unavailable);
  await world.start();
  assert.equal(world.state, 'connecting/server-stopping');
  await world.clock.advance(10_000);
  world.viewerError = undefined;
  await world.clock.advance(2_000);
  assert.equal(world.state, 'live/none');
});

test('a right that ends takes the figures with it, and the next visit chooses again', async () => {
  const world = new World();
  await world.start();
  world.server.last.end(new ConnectError('ended', Code.PermissionDenied));
  await settle();
  assert.equal(world.state, 'denied/permission-denied');
  assert.equal(world.page.model.value.teams.size, 0);
  assert.equal(world.stored.get(1n), 0n);
});

test('who asks again after a right ended gets the area that there is a right to', async () => {
  const world = new World();
  await world.start();
  world.grants = [{unitId: 8n}];
  world.server.last.end(new ConnectError('ended', Code.PermissionDenied));
  await settle();
  world.page.retry();
  await settle();
  assert.equal(world.state, 'live/none');
  assert.equal(world.page.scope.value, 8n);
});

test('the area looked at last is its officer\'s, not the next one\'s at the same computer', async () => {
  const world = new World();
  world.stored.set(1n, 9n).set(2n, 8n);
  world.officer = 2n;
  await world.start();
  assert.equal(world.page.scope.value, 8n);
  const other = new World();
  other.stored.set(1n, 9n);
  other.officer = 3n;
  await other.start();
  assert.equal(other.page.scope.value, 7n, 'the only one there is a right to');
});

test('a worker that says nothing is noticed, and done without', async () => {
  const world = new World();
  await world.start();
  assert.equal(world.backendsMade, 1);
  world.workerDead = true;
  await world.clock.advance(16_000);
  assert.equal(world.state, 'stale/worker-silent');
  assert.equal(world.page.model.value.ready, true);
  assert.equal(world.page.status.value.position, world.page.model.value.position);
  assert.equal(world.backendsMade, 2);
  world.workerDead = false;
  await world.clock.advance(20_000);
  assert.equal(world.state, 'live/none');
});

test('a step that was held back is shown before what is said after it, and not called live then', async () => {
  const changes: [string, (world: World) => void, string][] = [
    ['the worker died', (world) => world.failed?.(), 'stale/worker-silent'],
    [
      'the server does not say who is logged in',
      (world) => {
        world.viewerError = new ConnectError('starting', Code.Unavailable);
        world.page.retry();
      },
      'connecting/server-stopping',
    ],
    ['the area is asked for again', (world) => world.page.setScope(7n), 'connecting/none'],
  ];
  for (const [what, change, wanted] of changes) {
    const world = new World();
    await world.start();
    await world.pass(10_000);
    for (const id of [101n, 102n]) {
      world.fill(new Area().team(id, 7n));
      world.server.progress();
      await settle();
    }
    assert.equal(world.page.model.value.teams.size, 2, `${what}: the second step is held back`);
    world.workerDead = true;
    const said: string[] = [];
    const stop = world.page.status.subscribe(() => said.push(world.state));
    change(world);
    await settle();
    assert.equal(world.state, wanted, what);
    await world.clock.advance(1_000);
    assert.deepEqual([...new Set(said)], ['live/none', wanted], what);
    assert.equal(world.state, wanted, what);
    assert.equal(world.page.model.value.teams.size, 3, what);
    assert.equal(world.page.status.value.position, world.page.model.value.position, what);
    stop();
  }
});

test('a worker that answers but brings nothing new is stale all the same', async () => {
  const world = new World();
  await world.start();
  world.server.onCall = () => {};
  await world.clock.advance(40_000);
  assert.equal(world.page.status.value.state, 'stale');
  assert.equal(world.page.model.value.ready, true, 'the old figures stay, as old ones');
});

test('a tab that was taken for closed comes back by itself', async () => {
  const world = new World();
  await world.start();
  // As the hubs do it after three minutes without a ping, while the tab sleeps.
  world.say?.({type: 'detach'});
  world.fill(new Area().team(101n, 7n));
  world.server.progress();
  await world.clock.advance(1_000);
  assert.equal(world.page.model.value.teams.size, 1, 'it hears nothing');
  await world.pass(10_000);
  assert.equal(world.state, 'live/none');
  assert.equal(world.page.model.value.teams.size, 2);
});

test('the past: shown with its own moment, checked, and left again', async () => {
  const world = new World();
  await world.start();
  world.server.onCall = (stream) => {
    world.server.welcome(stream);
    if (stream.request.asOf) stream.end();
  };
  world.at.value = {date: 20_500};
  assert.equal(world.state, 'past/past-loading');
  assert.equal(world.page.model.value.ready, false, 'never the present as the past');
  await settle();
  assert.equal(world.state, 'past/none');
  assert.equal(world.page.model.value.teams.size, 1);
  assert.equal(world.page.status.value.digestOk, true);
  const [sounding, watch] = world.server.streams.slice(-2);
  assert.deepEqual(sounding.request.asOf?.moment, {case: 'date', value: 20_500});
  assert.deepEqual(watch.request.asOf?.moment, {case: 'position', value: world.server.position});
  // The present goes on beneath.
  world.fill(new Area().team(101n, 7n));
  world.server.progress();
  await world.clock.advance(300);
  assert.equal(world.page.model.value.teams.size, 1);
  world.at.value = undefined;
  assert.equal(world.state, 'live/none');
  assert.equal(world.page.model.value.teams.size, 2);
  // A second look is at hand.
  const calls = world.server.streams.length;
  world.at.value = {date: 20_500};
  assert.equal(world.state, 'past/none');
  assert.equal(world.server.streams.length, calls);
});

test('a past that is damaged, cut off or refused is not shown', async () => {
  const faults: [string, (world: World) => void, string][] = [
    [
      'damaged',
      (world) =>
        (world.server.onCall = (stream) => {
          stream.snapshot();
          stream.rows(stream.queryIds[0], [['ff', new Uint8Array([1])]]);
          stream.progress();
        }),
      'past/past-failed',
    ],
    [
      'cut off',
      (world) =>
        (world.server.onCall = (stream) => {
          stream.snapshot();
          stream.end();
        }),
      'past/past-failed',
    ],
    [
      'refused',
      (world) =>
        (world.server.onCall = (stream) => stream.end(new ConnectError('no', Code.PermissionDenied))),
      'denied/permission-denied',
    ],
  ];
  for (const [what, plant, wanted] of faults) {
    const world = new World();
    await world.start();
    plant(world);
    world.at.value = {position: 5n};
    await settle();
    assert.equal(world.state, wanted, what);
    assert.equal(world.page.model.value.ready, false, what);
  }
});

test('the moment that is left while it loads does not come in late', async () => {
  const world = new World();
  await world.start();
  const waiting: (() => void)[] = [];
  world.server.onCall = (stream) => waiting.push(() => world.server.welcome(stream));
  world.at.value = {date: 20_000};
  await settle();
  world.at.value = undefined;
  for (const answer of waiting) answer();
  await settle();
  assert.equal(world.state, 'live/none');
  assert.equal(world.server.openStreams.length, 1, 'the call was cut off');
});

test('an area below its province gets the policies from beside the stream', async () => {
  const world = new World(UnitLevel.DISTRICT);
  await world.start();
  await settle();
  assert.deepEqual(world.page.model.value.policies.map((policy) => policy.id), ['yb']);
  world.server.progress();
  await world.clock.advance(1_000);
  assert.equal(world.page.model.value.policies.length, 1, 'and keeps them with the next step');
  assert.equal(world.policyCalls, 1);
  await world.pass(70_000);
  assert.equal(world.policyCalls, 2);
  const province = new World();
  await province.start();
  assert.equal(province.policyCalls, 0);
});

test('a row that the page cannot read is said, not skipped', async () => {
  const world = new World();
  await world.start();
  world.server.set(QUERY.teams, 'ff', new Uint8Array([0xff, 0xff]));
  world.server.progress();
  await settle();
  assert.equal(world.state, 'corrupt/server-error');
});
