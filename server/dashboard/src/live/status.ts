// How current the page is. Nobody may take old figures for new ones: every way
// in which they can fall behind is a state here, and every change is sent.

export type LiveState =
  | 'connecting' // no stream, or one whose first tables are on their way
  | 'live' // the tables are those of the last PROGRESS, at most 30 s old
  | 'stale' // the last PROGRESS is older than that
  | 'corrupt' // a digest did not match; the tables are being fetched anew
  | 'denied' // not logged in, or no right to the area; nothing more is tried
  | 'past'; // the page shows another moment than now

// Why; a text for each is in texts.ts under "detail.".
export type LiveDetail =
  | 'none'
  | 'no-scope'
  | 'first-snapshot'
  | 'connection-lost'
  | 'no-progress'
  | 'offline'
  | 'server-stopping'
  | 'too-many-watches'
  | 'another-history'
  | 'digest-mismatch'
  | 'new-window'
  | 'bad-request'
  | 'server-error'
  | 'unauthenticated'
  | 'permission-denied'
  | 'worker-silent'
  | 'too-many-areas'
  | 'past-loading'
  | 'past-failed';

export interface LiveStatus {
  readonly state: LiveState;
  readonly detail: LiveDetail;
  readonly since: number; // when this state began, by this computer's clock
  // Of the last PROGRESS; 0 before the first.
  readonly position: bigint;
  readonly serverTimeMs: number;
  readonly localDate: number;
  readonly heardMs: number; // when it came, by this computer's clock
  readonly digestOk: boolean; // the tables agreed with it
  readonly digest: string; // SHA-256 over all tables' digests, hex; '' before the first
}

export const initialStatus: LiveStatus = {
  state: 'connecting',
  detail: 'no-scope',
  since: 0,
  position: 0n,
  serverTimeMs: 0,
  localDate: 0,
  heardMs: 0,
  digestOk: false,
  digest: '',
};

// A PROGRESS is due every 15 s; after this long without one, what is shown is
// old.
export const STALE_MS = 30_000;
