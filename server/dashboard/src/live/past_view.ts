// The moment of the past that the page looks at, if it does: one at a time, the
// last ones at hand. It is never taken for the present: until it is there, there
// is nothing to see.
import {type Signal, signal} from '@preact/signals';
import type {AtParam} from '../lib/url';
import {emptyModel, type Model} from '../model/model';
import type {Clock} from './clock';
import type {Past} from './past';
import type {LiveDetail, LiveStatus} from './status';
import {troubleOf} from './transport';

export interface PastViewOptions {
  readonly clock: Clock;
  readonly load: (scope: bigint, at: AtParam, signal: AbortSignal) => Promise<Past>;
  // Nobody is logged in, or the area may not be seen.
  readonly refused: (detail: LiveDetail) => void;
}

export interface Shown {
  readonly model: Model;
  readonly status: LiveStatus; // state 'past'
}

// How many moments are kept, and how many teams they have together: a moment of
// a large province takes some 100 MiB.
const KEPT_MAX = 8;
const KEPT_TEAMS_MAX = 20_000;

export class PastView {
  // Undefined: the present is looked at.
  readonly shown: Signal<Shown | undefined> = signal(undefined);
  private readonly kept = new Map<string, Past>();
  private loading: AbortController | undefined;

  constructor(private readonly options: PastViewOptions) {}

  // Turns to the moment `at` of `scope`; to the present without either. Returns
  // what ends it, if something is under way.
  turn(scope: bigint, at: AtParam | undefined): (() => void) | undefined {
    this.loading?.abort();
    this.loading = undefined;
    if (!at || scope === 0n) {
      this.shown.value = undefined;
      return undefined;
    }
    const name = `${scope}:${'date' in at ? `d${at.date}` : `p${at.position}`}`;
    const kept = this.kept.get(name);
    if (kept) {
      this.show('none', kept.model, kept.digest);
      return undefined;
    }
    const nothing = {...emptyModel, scope};
    const abort = (this.loading = new AbortController());
    this.show('past-loading', nothing, '');
    this.options.load(scope, at, abort.signal).then(
      (past) => {
        if (abort.signal.aborted) return;
        this.keep(name, past);
        this.show('none', past.model, past.digest);
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const {then, detail} = troubleOf(error, false);
        if (then === 'stop') {
          this.options.refused(detail);
        } else {
          this.show('past-failed', nothing, '');
        }
      },
    );
    return () => abort.abort();
  }

  // Nothing of it is to be shown any more, nor what is still on its way.
  forget(): void {
    this.loading?.abort();
    this.loading = undefined;
    this.kept.clear();
    this.shown.value = undefined;
  }

  private keep(name: string, past: Past): void {
    this.kept.set(name, past);
    let teams = 0;
    for (const {model} of this.kept.values()) teams += model.teams.size;
    for (const [oldest, {model}] of this.kept) {
      if (this.kept.size <= KEPT_MAX && teams <= KEPT_TEAMS_MAX) return;
      if (oldest === name) return;
      this.kept.delete(oldest);
      teams -= model.teams.size;
    }
  }

  private show(detail: LiveDetail, model: Model, digest: string): void {
    const {position, serverTimeMs, localDate, ready} = model;
    const wallMs = this.options.clock.wallMs();
    this.shown.value = {
      model,
      status: {
        state: 'past',
        detail,
        since: wallMs,
        position,
        serverTimeMs,
        localDate,
        heardMs: ready ? wallMs : 0,
        digestOk: ready,
        digest,
      },
    };
  }
}
