// Where the page is: a Route, kept in the address behind '#', so that a place
// can be sent to somebody, and Back goes back.
import {signal} from '@preact/signals';
import {isMonth} from './civil';
import {LateHash} from './late_hash';

export type Page = 'overview' | 'teams' | 'team' | 'feed';

// A moment of the past: the end of a day, or a position of the log.
export type AtParam = {date: number} | {position: bigint};

export interface Route {
  page: Page;
  unit: bigint; // 0n: the scope's root
  team: bigint; // of page 'team'
  at: AtParam | undefined; // undefined: now
  filter: string;
  q: string;
  sort: string;
  month: number; // 0: the current one
}

export const home: Route = {
  page: 'overview',
  unit: 0n,
  team: 0n,
  at: undefined,
  filter: '',
  q: '',
  sort: '',
  month: 0,
};

const PAGES: readonly Page[] = ['overview', 'teams', 'team', 'feed'];
const UINT64_MAX = (1n << 64n) - 1n;

function id(text: string | null): bigint {
  if (!text || !/^\d{1,20}$/.test(text)) return 0n;
  const value = BigInt(text);
  return value <= UINT64_MAX ? value : 0n;
}

function at(text: string | null): AtParam | undefined {
  if (!text) return undefined;
  if (/^d-?\d{1,6}$/.test(text)) return {date: Number(text.slice(1))};
  if (/^p\d{1,20}$/.test(text)) {
    const position = id(text.slice(1));
    if (position > 0n) return {position};
  }
  return undefined;
}

// The route that `hash` says; what it does not say, or says wrongly, is as at
// home.
export function parseRoute(hash: string): Route {
  const [path, query] = hash.replace(/^#\/?/, '').split('?', 2);
  const params = new URLSearchParams(query ?? '');
  const month = Number(params.get('month') ?? 0);
  return {
    page: PAGES.find((page) => page === path) ?? 'overview',
    unit: id(params.get('unit')),
    team: id(params.get('team')),
    at: at(params.get('at')),
    filter: params.get('filter') ?? '',
    q: params.get('q') ?? '',
    sort: params.get('sort') ?? '',
    month: isMonth(month) ? month : 0,
  };
}

// The shortest hash that parseRoute() reads as `value`.
export function formatRoute(value: Route): string {
  const params = new URLSearchParams();
  if (value.unit !== 0n) params.set('unit', value.unit.toString());
  if (value.team !== 0n) params.set('team', value.team.toString());
  if (value.at) {
    params.set('at', 'date' in value.at ? `d${value.at.date}` : `p${value.at.position}`);
  }
  for (const key of ['filter', 'q', 'sort'] as const) {
    if (value[key] !== '') params.set(key, value[key]);
  }
  if (value.month !== 0) params.set('month', String(value.month));
  const query = params.toString();
  return `#/${value.page}${query === '' ? '' : `?${query}`}`;
}

const hasWindow = typeof window !== 'undefined';

export const route = signal<Route>(parseRoute(hasWindow ? window.location.hash : ''));

const late = new LateHash(
  {
    hash: () => (hasWindow ? window.location.hash : ''),
    replace: (hash) => window.history.replaceState(null, '', hash),
  },
  {
    after: (ms, run) => setTimeout(run, ms),
    cancel: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  },
);

if (hasWindow) {
  // Also fires for Back, Forward and links.
  window.addEventListener('hashchange', () => {
    late.drop();
    route.value = parseRoute(window.location.hash);
  });
  window.addEventListener('pagehide', writeLate);
}

// The address of a place, for a link: what `change` does not name stays as it
// is now.
export function href(change: Partial<Route>): string {
  return formatRoute({...route.value, ...change});
}

// Goes there. `replace`: without an entry of its own in the history.
export function go(change: Partial<Route>, replace = false): void {
  // What was typed belongs to the entry that is left.
  writeLate();
  const next = {...route.value, ...change};
  const hash = formatRoute(next);
  if (hasWindow && hash !== formatRoute(route.value)) {
    if (replace) {
      window.history.replaceState(null, '', hash);
    } else {
      window.history.pushState(null, '', hash);
    }
  }
  route.value = next;
}

// For what changes with every key: goes there at once and without an entry of
// its own in the history; the address says it when the typing pauses.
export function goTyping(change: Partial<Route>): void {
  route.value = {...route.value, ...change};
  if (hasWindow) late.write(formatRoute(route.value));
}

// Puts into the address what goTyping() has not put there yet. For whoever
// leaves the field or its page.
export function writeLate(): void {
  late.flush();
}
