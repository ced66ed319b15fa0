// What the views read: the model, how current it is, and which area it is of.
import type {ReadonlySignal} from '@preact/signals';
import type {GetViewerResponse} from '../gen/thon/v1/query_service_pb';
import {route} from '../lib/url';
import type {Model} from '../model/model';
import {api} from './api';
import {inPageBackend, workerBackend} from './backend';
import {realClock} from './clock';
import {LivePage} from './live_page';
import {loadPast} from './past';
import type {LiveStatus} from './status';
import {watchOver} from './transport';

export interface Live {
  // What is shown: now, or the past when route.at is set.
  readonly model: ReadonlySignal<Model>;
  // How current it is.
  readonly status: ReadonlySignal<LiveStatus>;
  // Its root unit; 0n until one is chosen.
  readonly scope: ReadonlySignal<bigint>;
  // Who is logged in, and what they may see; undefined until it is known.
  readonly viewer: ReadonlySignal<GetViewerResponse | undefined>;
  // Shows another area.
  setScope(unit: bigint): void;
  // Tries again after 'denied'.
  retry(): void;
  // Begins; once, when the page is loaded.
  start(): void;
}

const stored = (officer: bigint): string => `thon.scope.${officer}`;

// Of this tab, so that two tabs can show two areas; a new tab begins with the
// one chosen last.
const remembered = {
  get(officer: bigint): bigint {
    try {
      const name = stored(officer);
      const text = sessionStorage.getItem(name) ?? localStorage.getItem(name) ?? '';
      return /^\d{1,20}$/.test(text) ? BigInt(text) : 0n;
    } catch {
      return 0n; // Storage is refused to the page.
    }
  },
  set(officer: bigint, scope: bigint): void {
    try {
      sessionStorage.setItem(stored(officer), scope.toString());
      localStorage.setItem(stored(officer), scope.toString());
    } catch {
      // Storage is refused: the area is chosen again on the next visit.
    }
  },
};

const origin = globalThis.location?.origin ?? 'http://127.0.0.1';
const call = watchOver(origin);

const page = new LivePage({
  clock: realClock,
  backends: [workerBackend, inPageBackend],
  getViewer: () => api.query.getViewer({}),
  listPolicies: () => api.query.listPolicies({}),
  loadPast: (scope, at, signal) => loadPast(call, scope, at, signal),
  at: () => route.value.at,
  remembered,
});

export const live: Live = {
  model: page.model,
  status: page.status,
  scope: page.scope,
  viewer: page.viewer,
  setScope: (unit) => page.setScope(unit),
  retry: () => page.retry(),
  start() {
    page.start();
    window.addEventListener('online', () => page.wake());
    // Back from the browser's cache: the worker took this tab for closed.
    window.addEventListener('pageshow', (event) => {
      if (event.persisted) page.retry();
    });
  },
};
