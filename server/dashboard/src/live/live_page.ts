// The page's side of the live data: keeps the model in step with the hubs, turns
// to the past and back, and never takes silence for health.
import {batch, effect, type Signal, signal} from '@preact/signals';
import type {GetViewerResponse, ListPoliciesResponse} from '../gen/thon/v1/query_service_pb';
import type {AtParam} from '../lib/url';
import {comparePolicies, compareFundings, ModelBuilder} from '../model/builder';
import {fundingView, policyView} from '../model/decode';
import {emptyModel, type Model} from '../model/model';
import type {Backend, BackendFactory} from './backend';
import {type Clock, type Mark, mark, sinceMs} from './clock';
import type {FromHubs} from './hubs';
import {unpack} from './packed';
import type {Past} from './past';
import {PastView} from './past_view';
import {TEAMS_FOR_A_YEAR_MAX} from './queries';
import {initialStatus, type LiveDetail, type LiveStatus, STALE_MS} from './status';
import {troubleOf} from './transport';

export interface LivePageOptions {
  readonly clock: Clock;
  // Tried in this order; the last one never fails.
  readonly backends: readonly BackendFactory[];
  readonly getViewer: () => Promise<GetViewerResponse>;
  readonly listPolicies: () => Promise<ListPoliciesResponse>;
  readonly loadPast: (scope: bigint, at: AtParam, signal: AbortSignal) => Promise<Past>;
  readonly at: () => AtParam | undefined;
  // The area that an officer looked at last, kept between visits; 0n for none.
  readonly remembered: {
    get(officer: bigint): bigint;
    set(officer: bigint, scope: bigint): void;
  };
}

const TICK_MS = 5_000;
// Steps that come faster than people look are shown together; in an area of
// very many teams, where every figure takes longer, fewer a second.
const PUBLISH_MS = 200;
const PUBLISH_MS_OF_MANY = 1_000;
// Two pings without an answer, and the worker is taken for dead.
const PINGS_LOST_MAX = 2;
const POLICIES_MS = 60_000;

export class LivePage {
  readonly model: Signal<Model> = signal(emptyModel);
  readonly status: Signal<LiveStatus>;
  readonly scope: Signal<bigint> = signal(0n);
  readonly viewer: Signal<GetViewerResponse | undefined> = signal(undefined);

  private readonly present: Signal<Model> = signal(emptyModel);
  private readonly presentStatus: Signal<LiveStatus>;

  private backend: Backend | undefined;
  private backendIndex = 0;
  private readonly past: PastView;
  private builder: ModelBuilder | undefined;
  private firstMonth = 0;
  private progressed: Mark | undefined;
  private pingsOpen = 0;
  private serial = 0;
  private policies: ListPoliciesResponse | undefined;
  private policiesAsked: Mark | undefined;
  private begun = 0;
  // Counts up when the past that was shown must be fetched again.
  private readonly turns = signal(0);
  private unpublished: {builder: ModelBuilder; status: LiveStatus} | undefined;
  private publishedAt: Mark | undefined;

  constructor(private readonly options: LivePageOptions) {
    const first: LiveStatus = {...initialStatus, since: options.clock.wallMs()};
    this.status = signal(first);
    this.presentStatus = signal(first);
    this.past = new PastView({
      clock: options.clock,
      load: options.loadPast,
      refused: (detail) => this.deny(detail),
    });
    effect(() => {
      void this.turns.value;
      return this.past.turn(this.scope.value, options.at());
    });
    effect(() => {
      const shown = this.past.shown.value;
      this.model.value = shown ? shown.model : this.present.value;
      this.status.value = shown ? shown.status : this.presentStatus.value;
    });
  }

  start(): void {
    this.tick();
    void this.begin();
  }

  retry(): void {
    const {detail} = this.presentStatus.value;
    // Perhaps there is a right to another area by now.
    void this.begin(detail === 'permission-denied' ? 0n : this.scope.value || undefined);
  }

  setScope(unit: bigint): void {
    void this.begin(unit);
  }

  // The network is back, or the person came back to the page.
  wake(): void {
    this.backend?.post({type: 'wake'});
  }

  // Asks who is logged in, then for the area's stream. Without `wanted`: the one
  // looked at last; 0n: the only one that the viewer has, or none.
  private async begin(wanted?: bigint): Promise<void> {
    const turn = ++this.begun;
    let viewer: GetViewerResponse;
    try {
      viewer = await this.options.getViewer();
    } catch (error) {
      if (turn !== this.begun) return;
      this.refused(error, wanted);
      return;
    }
    if (turn !== this.begun) return;
    this.viewer.value = viewer;
    const roots = [...new Set(viewer.grants.map((grant) => grant.unitId))];
    if (wanted === 0n) this.options.remembered.set(viewer.officerId, 0n);
    const only = roots.length === 1 ? roots[0] : 0n;
    const scope = (wanted ?? this.options.remembered.get(viewer.officerId)) || only;
    if (scope !== this.scope.value) this.forget();
    batch(() => {
      this.scope.value = scope;
      ++this.turns.value;
    });
    if (scope === 0n) {
      this.backend?.post({type: 'detach'});
      this.say({...initialStatus, detail: 'no-scope'});
      return;
    }
    this.options.remembered.set(viewer.officerId, scope);
    this.attach(viewer.officerId, scope);
  }

  private refused(error: unknown, wanted: bigint | undefined): void {
    const {detail, then} = troubleOf(error, false);
    if (then !== 'stop') {
      this.turnTo((status) => ({state: status.state === 'stale' ? 'stale' : 'connecting', detail}));
      const turn = this.begun;
      this.options.clock.after(2_000, () => {
        if (turn === this.begun) void this.begin(wanted);
      });
      return;
    }
    // Other tabs must not show on what nobody may see here any more.
    if (detail === 'unauthenticated') this.connect().post({type: 'signed-out'});
    this.viewer.value = undefined;
    this.deny(detail);
  }

  private attach(officer: bigint, scope: bigint): void {
    if (!this.present.value.ready) {
      this.say({...initialStatus, detail: 'first-snapshot'});
    } else {
      // The figures stay until newer ones come, and are not called live.
      this.turnTo(({state}) => ({state: state === 'live' ? 'connecting' : state}));
    }
    this.policies = undefined;
    this.policiesAsked = undefined;
    this.connect().post({type: 'attach', officer, scope});
  }

  private connect(): Backend {
    this.pingsOpen = 0;
    while (!this.backend) {
      const index = Math.min(this.backendIndex, this.options.backends.length - 1);
      try {
        const backend: Backend = this.options.backends[index]({
          receive: (message) => this.receive(message),
          failed: () => this.backend === backend && this.changeBackend(),
        });
        this.backend = backend;
      } catch {
        // No such thing in this browser: the next one.
        ++this.backendIndex;
      }
    }
    return this.backend;
  }

  private changeBackend(): void {
    this.backend?.close();
    this.backend = undefined;
    ++this.backendIndex;
    if (this.presentStatus.value.state === 'denied') return;
    this.turnTo(() => ({
      state: this.present.value.ready ? 'stale' : 'connecting',
      detail: 'worker-silent',
    }));
    void this.begin(this.scope.value);
  }

  private receive(message: FromHubs): void {
    if (message.type === 'pong') {
      this.pingsOpen = 0;
      return;
    }
    if (message.type === 'lost') {
      if (this.presentStatus.value.state !== 'denied') void this.begin(this.scope.value);
      return;
    }
    // What was on its way when the area was changed.
    if (message.scope !== this.scope.value) return;
    switch (message.type) {
      case 'status':
        this.publish();
        this.say(message.status);
        break;
      case 'forget':
        this.deny(message.status.detail);
        break;
      case 'tables':
        this.builder = new ModelBuilder(message.scope);
        this.firstMonth = message.firstMonth;
        this.apply(message);
        break;
      case 'step':
        // Before the first tables there is nothing that a step could change.
        if (this.builder) this.apply(message);
        break;
    }
  }

  private apply(message: Extract<FromHubs, {type: 'tables' | 'step'}>): void {
    const {builder} = this;
    if (!builder) return;
    const {status} = message;
    try {
      for (const {queryId, cleared, block} of message.tables) {
        builder.absorb({queryId, cleared, rows: unpack(block)});
      }
    } catch {
      // The digest matches, so the server says it so; we cannot show it.
      this.builder = this.unpublished = undefined;
      this.say({...status, state: 'corrupt', detail: 'server-error', digestOk: false});
      return;
    }
    const {clock} = this.options;
    // A tab that comes late gets tables that may be old already.
    this.progressed = {
      wallMs: status.heardMs,
      steadyMs: clock.steadyMs() - Math.max(0, clock.wallMs() - status.heardMs),
    };
    const waits = this.unpublished !== undefined;
    this.unpublished = {builder, status};
    if (waits) return;
    const many = this.present.value.teams.size > TEAMS_FOR_A_YEAR_MAX;
    const every = many ? PUBLISH_MS_OF_MANY : PUBLISH_MS;
    const ago = this.publishedAt ? sinceMs(clock, this.publishedAt) : every;
    if (ago >= every) {
      this.publish();
    } else {
      clock.after(every - ago, () => this.publish());
    }
  }

  // Shows what has come: model and status of one moment, together.
  private publish(): void {
    if (!this.unpublished) return;
    const {builder, status} = this.unpublished;
    this.unpublished = undefined;
    this.publishedAt = mark(this.options.clock);
    const model = builder.publish(status, this.firstMonth);
    batch(() => {
      this.present.value = this.withPolicies(model);
      this.say(status);
    });
    this.askPolicies(model);
  }

  // Says how things stand with what is shown. A step that was held back came
  // before that: it is shown first, so that it is not called live afterwards.
  private turnTo(change: (status: LiveStatus) => Partial<LiveStatus>): void {
    batch(() => {
      this.publish();
      const status = this.presentStatus.value;
      this.say({...status, ...change(status), since: 0});
    });
  }

  private say(status: LiveStatus): void {
    const before = this.presentStatus.value;
    const since =
      status.since !== 0 ? status.since
      : status.state === before.state ? before.since
      : this.options.clock.wallMs();
    this.presentStatus.value = {...status, since};
  }

  private forget(): void {
    this.builder = this.unpublished = undefined;
    this.progressed = this.publishedAt = undefined;
    this.present.value = emptyModel;
    this.past.forget();
  }

  private deny(detail: LiveDetail): void {
    // The next visit chooses again.
    const viewer = this.viewer.peek();
    if (detail === 'permission-denied' && viewer) {
      this.options.remembered.set(viewer.officerId, 0n);
    }
    batch(() => {
      this.forget();
      this.say({...initialStatus, state: 'denied', detail});
    });
  }

  // Policies and funding decisions are their issuer's: an area below it does not
  // contain them, so they are asked for beside the stream.
  private askPolicies(model: Model): void {
    const root = model.units.get(model.scope);
    if (!root || root.level === 'province') return;
    const {clock} = this.options;
    if (this.policiesAsked && sinceMs(clock, this.policiesAsked) < POLICIES_MS) return;
    this.policiesAsked = mark(clock);
    const scope = model.scope;
    this.options.listPolicies().then(
      (policies) => {
        if (this.scope.value !== scope || !this.present.value.ready) return;
        this.policies = policies;
        this.present.value = this.withPolicies(this.present.value);
      },
      () => {
        // Without them the money is there, only not which decision it is of;
        // it is asked again in a minute.
      },
    );
  }

  private withPolicies(model: Model): Model {
    if (!this.policies) return model;
    return {
      ...model,
      policies: this.policies.policies.map(policyView).sort(comparePolicies),
      fundings: this.policies.fundings.map(fundingView).sort(compareFundings),
    };
  }

  private tick(): void {
    const {clock} = this.options;
    clock.after(TICK_MS, () => this.tick());
    // The hub says this itself; here it is seen even if the hub says nothing.
    if (this.progressed && sinceMs(clock, this.progressed) > STALE_MS + TICK_MS) {
      const {state} = this.presentStatus.value;
      if (state === 'live') {
        this.turnTo(() => ({state: 'stale', detail: 'no-progress'}));
      } else if (state === 'connecting') {
        this.turnTo(() => ({state: 'stale'}));
      }
    }
    const {state} = this.presentStatus.value;
    if (!this.backend || state === 'denied' || this.scope.value === 0n) return;
    if (this.pingsOpen >= PINGS_LOST_MAX) {
      this.changeBackend();
      return;
    }
    ++this.pingsOpen;
    this.backend.post({type: 'ping', serial: ++this.serial});
  }
}
