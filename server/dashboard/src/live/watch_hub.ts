// The one stream of an area: keeps its tables, connects again when it breaks,
// and says at every moment how current the tables are.
//
// A hub knows nothing of pages: what it emits goes to whoever listens. It is
// started once and stopped once, or stops itself when nobody may see the area.
import {create} from '@bufbuild/protobuf';
import {WatchRequestSchema, type WatchResponse} from '../gen/thon/v1/watch_service_pb';
import {type Clock, type Mark, mark, sinceMs, type TimerId} from './clock';
import {overallDigest} from './digest';
import {type Step, WatchFold} from './fold';
import {type PackedTable, packChange, packTable} from './packed';
import {isOutgrown, queriesOf, soundingQueries, type Window, windowOf} from './queries';
import {initialStatus, type LiveDetail, type LiveState, type LiveStatus, STALE_MS} from './status';
import {troubleOf, type Trouble, type WatchCall} from './transport';

// What a hub says. Applied in order, the tables of a listener are the hub's.
export type HubMessage =
  // All tables, in the place of whatever there was.
  | {type: 'tables'; firstMonth: number; tables: PackedTable[]; status: LiveStatus}
  // What a step changed.
  | {type: 'step'; tables: PackedTable[]; status: LiveStatus}
  // The tables are as they were.
  | {type: 'status'; status: LiveStatus}
  // The tables are no longer to be shown.
  | {type: 'forget'; status: LiveStatus};

export interface HubOptions {
  readonly scope: bigint;
  readonly call: WatchCall;
  readonly clock: Clock;
  // Whether this computer has a network, as far as it knows.
  readonly online: () => boolean;
  readonly emit: (message: HubMessage) => void;
}

const BACKOFF_MS_MIN = 500;
const BACKOFF_MS_MAX = 15_000;
// The server may ask for more patience than that, up to here.
const RETRY_AFTER_MS_MAX = 120_000;
const TICK_MS = 1_000;
// A stream on which rows come but no PROGRESS: a large snapshot on a slow line.
// After so long it is given up all the same.
const PROGRESS_MS_MAX = 300_000;
// A stream that brings a PROGRESS after so long is a good one.
const SETTLED_MS = 5_000;
// When the network comes back, a stream that was silent for longer is dead.
const ALIVE_MS = 2_000;

// A reason of our own to end a call.
class Cut extends Error {
  constructor(
    readonly detail: LiveDetail,
    readonly then: 'again' | 'fresh' | 'damaged',
  ) {
    super(detail);
  }
}

export class WatchHub {
  private current: LiveStatus;
  private window: Window | undefined;
  // The tables that listeners have; undefined before the first.
  private shown: WatchFold | undefined;
  // Those of the stream; another than `shown` while a fresh start fills it.
  private filling: WatchFold | undefined;
  private abort = new AbortController();
  private stopped = false;
  private attempts = 0;
  private called: Mark;
  private heard: Mark; // any response, or the call's begin
  private progressed: Mark | undefined; // the last PROGRESS
  private tickTimer: TimerId;
  private resume: (() => void) | undefined; // ends the pause between two calls

  constructor(private readonly options: HubOptions) {
    this.called = this.heard = mark(options.clock);
    this.current = {
      ...initialStatus,
      detail: 'first-snapshot',
      since: options.clock.wallMs(),
    };
  }

  get status(): LiveStatus {
    return this.current;
  }

  get denied(): boolean {
    return this.current.state === 'denied';
  }

  start(): void {
    this.tick();
    void this.run();
  }

  // Nothing is emitted after this returns.
  stop(): void {
    this.stopped = true;
    this.options.clock.cancel(this.tickTimer);
    this.abort.abort();
    this.resume?.();
  }

  // What a new listener needs.
  whole(): HubMessage {
    if (!this.shown || !this.window) return {type: 'status', status: this.current};
    return {
      type: 'tables',
      firstMonth: this.window.firstMonth,
      tables: [...this.shown.tables].map(([id, table]) => packTable(id, table)),
      status: this.current,
    };
  }

  // The network is back, or somebody looks again: no more waiting.
  wake(): void {
    this.attempts = 0;
    if (this.resume) {
      this.resume();
    } else if (sinceMs(this.options.clock, this.heard) > ALIVE_MS) {
      this.abort.abort(new Cut('connection-lost', 'again'));
    }
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const trouble = await this.callOnce();
      if (this.stopped) return;
      if (trouble.then === 'stop') {
        this.deny(trouble.detail);
        return;
      }
      const detail = this.options.online() ? trouble.detail : 'offline';
      this.become(this.stateAfter(trouble), detail);
      if (detail !== 'new-window') await this.pause(trouble.afterMs);
    }
  }

  private stateAfter(trouble: Trouble): LiveState {
    if (trouble.detail === 'digest-mismatch') return 'corrupt';
    const {state} = this.current;
    return state === 'live' ? 'connecting' : state;
  }

  // One call from its begin to its end. Never throws.
  private async callOnce(): Promise<Trouble> {
    this.abort = new AbortController();
    this.called = this.heard = mark(this.options.clock);
    const resuming = this.filling?.last !== undefined;
    try {
      if (!this.window) this.window = await this.sound();
      if (!this.stopped) await this.follow(this.window);
      return {detail: 'connection-lost', then: 'again', afterMs: 0};
    } catch (error) {
      const cause: unknown = this.abort.signal.aborted ? this.abort.signal.reason : error;
      const trouble: Trouble =
        cause instanceof Cut
          ? {detail: cause.detail, then: cause.then === 'again' ? 'again' : 'fresh', afterMs: 0}
          : troubleOf(error, resuming);
      if (cause instanceof Cut && cause.then === 'damaged' && this.shown === this.filling) {
        this.shown = undefined;
      }
      if (trouble.then === 'fresh') {
        this.filling = undefined;
        this.window = undefined;
      }
      return trouble;
    } finally {
      this.abort.abort();
    }
  }

  private async *responses(
    request: Parameters<typeof create<typeof WatchRequestSchema>>[1],
  ): AsyncGenerator<WatchResponse> {
    const {signal} = this.abort;
    const stream = this.options.call(create(WatchRequestSchema, request), signal);
    const iterator = stream[Symbol.asyncIterator]();
    // A transport that hangs does not hold us.
    const cut = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), {once: true});
    });
    cut.catch(() => {});
    for (;;) {
      const next = await Promise.race([iterator.next(), cut]);
      if (next.done) return;
      this.heard = mark(this.options.clock);
      yield next.value;
    }
  }

  // Looks how large the area is, which decides how many months are watched.
  private async sound(): Promise<Window> {
    const queries = soundingQueries(this.options.scope);
    const fold = new WatchFold(queries.map((query) => query.queryId));
    for await (const response of this.responses({queries})) {
      const step = fold.receive(response);
      if (step?.ok === false) throw new Cut('digest-mismatch', 'damaged');
      if (step) return windowOf(step.progress.localDate, Number(step.progress.tables[0].rowCount));
    }
    throw new Cut('connection-lost', 'again');
  }

  private async follow(window: Window): Promise<void> {
    // The sounding's call has ended; the next one has an end of its own.
    this.abort.abort();
    this.abort = new AbortController();
    const queries = queriesOf(this.options.scope, window.firstMonth);
    const fold = this.filling ?? new WatchFold(queries.map((query) => query.queryId));
    this.filling = fold;
    fold.forget();
    for await (const response of this.responses({queries, resumeToken: fold.resumeToken})) {
      const step = fold.receive(response);
      if (!step) continue;
      if (!step.ok) throw new Cut('digest-mismatch', 'damaged');
      this.advance(fold, step);
      if (isOutgrown(window, step.progress.localDate)) throw new Cut('new-window', 'fresh');
    }
  }

  private advance(fold: WatchFold, step: Extract<Step, {ok: true}>): void {
    const {clock} = this.options;
    const {progress} = step;
    if (sinceMs(clock, this.called) >= SETTLED_MS) this.attempts = 0;
    this.progressed = mark(clock);
    this.current = {
      state: 'live',
      detail: 'none',
      since: this.current.state === 'live' ? this.current.since : clock.wallMs(),
      position: progress.position,
      serverTimeMs: Number(progress.serverTimeMs),
      localDate: progress.localDate,
      heardMs: clock.wallMs(),
      digestOk: true,
      digest: overallDigest(progress.tables.map((table) => table.digest)),
    };
    if (this.shown === fold) {
      this.options.emit({
        type: 'step',
        tables: step.changes.map(packChange),
        status: this.current,
      });
    } else {
      this.shown = fold;
      this.options.emit(this.whole());
    }
  }

  private deny(detail: LiveDetail): void {
    this.shown = this.filling = undefined;
    this.stopped = true;
    this.options.clock.cancel(this.tickTimer);
    this.current = {...initialStatus, state: 'denied', detail, since: this.options.clock.wallMs()};
    this.options.emit({type: 'forget', status: this.current});
  }

  private become(state: LiveState, detail: LiveDetail): void {
    const {current} = this;
    if (current.state === state && current.detail === detail) return;
    this.current = {
      ...current,
      state,
      detail,
      since: current.state === state ? current.since : this.options.clock.wallMs(),
      digestOk: state === 'corrupt' ? false : current.digestOk,
    };
    this.options.emit({type: 'status', status: this.current});
  }

  private async pause(atLeastMs: number): Promise<void> {
    const {clock} = this.options;
    const full = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** this.attempts);
    ++this.attempts;
    // Half to all of it, so that many pages do not come back in one moment.
    const jittered = full * (0.5 + clock.random() / 2);
    const ms = Math.max(BACKOFF_MS_MIN, jittered, Math.min(atLeastMs, RETRY_AFTER_MS_MAX));
    await new Promise<void>((resolve) => {
      const timer = clock.after(ms, resolve);
      this.resume = () => {
        clock.cancel(timer);
        resolve();
      };
    });
    this.resume = undefined;
  }

  private tick(): void {
    const {clock} = this.options;
    this.tickTimer = clock.after(TICK_MS, () => this.tick());
    const waiting = this.resume !== undefined;
    const silent = !waiting && sinceMs(clock, this.heard) > STALE_MS;
    if (this.progressed && sinceMs(clock, this.progressed) > STALE_MS) {
      const {state, detail} = this.current;
      if (state === 'live') this.become('stale', 'no-progress');
      if (state === 'connecting') this.become('stale', detail);
    }
    const since = this.progressed && sinceMs(clock, this.progressed) < sinceMs(clock, this.called)
      ? this.progressed
      : this.called;
    if (silent || (!waiting && sinceMs(clock, since) > PROGRESS_MS_MAX)) {
      this.abort.abort(new Cut('no-progress', 'again'));
    }
  }
}
