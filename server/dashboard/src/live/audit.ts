// What the page knows of the log as a whole: its newest signed tree head, and
// whether it extends the one that this browser kept.
import {computed, effect, type ReadonlySignal, signal} from '@preact/signals';
import {Code, ConnectError} from '@connectrpc/connect';
import {Role} from '../gen/thon/v1/event_pb';
import type {GetViewerResponse, TeamEvent} from '../gen/thon/v1/query_service_pb';
import {ProofError} from '../proof/bytes';
import {checkEntry, type EventProof, proveEvent} from '../proof/event_proof';
import {type Alarm, type Followed, LogFollower, type Memory, parseRemembered, type Remembered} from '../proof/follow';
import {api} from './api';
import {live} from './live';

const STORED = 'thon.log';
const CHECK_MS = 300_000;

// A grant of the whole log: whoever has one may read it as auditors do.
export const mayAudit = (viewer: GetViewerResponse | undefined): boolean =>
  viewer?.grants.some((grant) => !grant.revoked && grant.role !== Role.UNSPECIFIED && grant.unitId === 0n) === true;

const kept = signal<Remembered | undefined>(undefined);

const memory: Memory = {
  read() {
    try {
      return parseRemembered(localStorage.getItem(STORED));
    } catch {
      return kept.peek(); // Storage is refused: for this page only.
    }
  },
  write(next) {
    kept.value = next;
    try {
      if (next === undefined) localStorage.removeItem(STORED);
      else localStorage.setItem(STORED, JSON.stringify(next));
    } catch {
      // Storage is refused.
    }
  },
};

const prove = (firstTreeSize: bigint, secondTreeSize: bigint) => api.audit.getConsistencyProof({firstTreeSize, secondTreeSize});
const follower = new LogFollower(memory, prove, () => Date.now());

// It stays until a person takes it back, also when the page is loaded anew.
export const alarm: ReadonlySignal<Alarm | undefined> = computed(() => kept.value?.alarm);

export type Failure =
  | {readonly kind: 'refuted'; readonly detail: string} // checked, and it does not hold
  | {readonly kind: 'damaged'; readonly detail: string} // the server itself says so
  | {readonly kind: 'denied' | 'unread'; readonly detail: string};

export function failureOf(error: unknown): Failure {
  if (error instanceof ProofError) return {kind: 'refuted', detail: error.message};
  const {code, rawMessage} = ConnectError.from(error);
  const detail = rawMessage === '' ? Code[code] : rawMessage;
  if (code === Code.DataLoss) return {kind: 'damaged', detail};
  return {kind: code === Code.PermissionDenied ? 'denied' : 'unread', detail};
}

// The newest head; undefined while it is asked for the first time.
export const head = signal<Followed | Failure | undefined>(undefined);
export const checking = signal(false);

export async function checkHead(): Promise<void> {
  if (checking.peek()) return;
  checking.value = true;
  try {
    head.value = await follower.follow(() => api.audit.getCheckpoint({}));
  } catch (error) {
    head.value = failureOf(error);
  }
  checking.value = false;
}

export async function proofOf({position}: TeamEvent): Promise<EventProof> {
  const proof = await proveEvent(follower, () => api.audit.getInclusionProof({entry: {case: 'position', value: position}}));
  head.value = proof.head;
  return proof;
}

// Reads the entry, which the log records, and compares; throws if it differs.
export async function compareEntry(event: TeamEvent, {answer}: EventProof): Promise<void> {
  const first = answer.entryIndex;
  for await (const {entries} of api.audit.streamEntries({firstEntry: first, endEntry: first + 1n})) {
    for (const {entryIndex, leaf} of entries) {
      if (entryIndex !== first) continue;
      checkEntry(leaf, answer.leafHash, event);
      return;
    }
  }
  throw new ProofError('DATA_LOSS', 'the server does not give the entry');
}

// Begins anew with whatever the server shows next.
export function forget(): void {
  memory.write(undefined);
  head.value = undefined;
  void checkHead();
}

export const auditor = computed(() => mayAudit(live.viewer.value));

export function startAudit(): void {
  kept.value = memory.read();
  // An alarm of one tab is one of all tabs.
  window.addEventListener('storage', ({key}) => {
    if (key === STORED || key === null) kept.value = memory.read();
  });
  effect(() => {
    if (!auditor.value) return undefined;
    void checkHead();
    const timer = setInterval(() => document.visibilityState === 'visible' && void checkHead(), CHECK_MS);
    return () => clearInterval(timer);
  });
}
