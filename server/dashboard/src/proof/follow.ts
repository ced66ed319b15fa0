// Follows a log from one signed tree head to the next, as far as one browser
// can: it keeps the key and the largest head that it has seen, and each new head
// must be signed by that key and extend that head. No page and no network here.
//
// The key is taken from the server at first sight. Who checks the log takes it
// from somebody else; the page shows it so that the two can be compared.
import type {ConsistencyProof} from '../gen/thon/v1/audit_service_pb';
import type {Checkpoint} from '../gen/thon/v1/log_pb';
import {equalBytes} from '../live/digest';
import {malformed, ProofError, toBase64} from './bytes';
import {type CheckpointBody, verifyCheckpoint} from './checkpoint';
import {verifyConsistency} from './merkle';
import {parseNote, parseVerifierKey, sameKey, type SignedNote, type VerifierKey, verifyNote} from './note';

// What is wrong with a log, once and for all. 'key': its heads are signed by
// another key. 'shrunk': a new head covers less than the one kept. 'fork': it
// does not extend the one kept.
export interface Alarm {
  readonly kind: 'key' | 'shrunk' | 'fork';
  readonly timeMs: number; // by this computer's clock
  readonly keptNote: string;
  readonly keptKey: string;
  readonly note: string;
  readonly key: string; // as the server gave it
  readonly proof: readonly string[]; // of a fork: what was said to prove the extension
}

export interface Remembered {
  readonly key: string; // a verifier key
  readonly sinceMs: number; // when the key was first seen
  readonly note: string; // the largest head
  readonly heardMs: number; // when it was
  readonly alarm?: Alarm;
}

// Where it is kept; another tab may write too.
export interface Memory {
  read(): Remembered | undefined;
  write(kept: Remembered | undefined): void;
}

export interface Followed {
  readonly checkpoint: Checkpoint;
  readonly body: CheckpointBody;
  readonly note: SignedNote;
  readonly key: VerifierKey;
  readonly sinceMs: number;
  // The head that this one was seen to extend; not set at first sight.
  readonly from: {readonly treeSize: bigint; readonly heardMs: number} | undefined;
}

type Prove = (first: bigint, second: bigint) => Promise<Pick<ConsistencyProof, 'path'>>;

export class LogFollower {
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly memory: Memory,
    private readonly prove: Prove,
    private readonly now: () => number,
  ) {}

  // Takes the head that `read` brings, if it is good. Throws ProofError if it is
  // not, having kept an alarm if that is the log's fault and nobody else's, and
  // whatever `read` and the proof's call throw. One at a time: what is kept is
  // older than what is asked for.
  follow(read: () => Promise<Checkpoint>): Promise<Followed> {
    const turn = this.last.then(() => this.take(read));
    this.last = turn.catch(() => undefined);
    return turn;
  }

  private async take(read: () => Promise<Checkpoint>): Promise<Followed> {
    const kept = this.memory.read();
    const checkpoint = await read();
    const note = parseNote(checkpoint.note);
    const key = this.keyOf(note, checkpoint, kept);
    const body = verifyCheckpoint(note, key);
    const {origin, treeSize, rootHash} = checkpoint;
    if (origin !== body.origin || treeSize !== body.treeSize || !equalBytes(rootHash, body.root)) {
      malformed('the signed tree head and what is said of it differ');
    }
    const sinceMs = kept?.sinceMs ?? this.now();
    if (kept !== undefined) await this.extend(kept, checkpoint, body);
    this.keep({key: kept?.key ?? checkpoint.verifierKey, sinceMs, note: checkpoint.note, heardMs: this.now()}, body);
    const from = kept && {treeSize: keptBody(kept).treeSize, heardMs: kept.heardMs};
    return {checkpoint, body, note, key, sinceMs, from};
  }

  // The key that was kept. That another one signs is an alarm only if it does:
  // words that were damaged on the way are not.
  private keyOf(note: SignedNote, checkpoint: Checkpoint, kept: Remembered | undefined): VerifierKey {
    if (kept === undefined) return parseVerifierKey(checkpoint.verifierKey);
    const key = parseVerifierKey(kept.key);
    if (verifyNote(note, key).verdict !== 'absent') return key;
    const other = parseVerifierKey(checkpoint.verifierKey);
    if (!sameKey(key, other)) {
      verifyCheckpoint(note, other);
      this.raise('key', kept, checkpoint, []);
    }
    return key;
  }

  private async extend(kept: Remembered, checkpoint: Checkpoint, body: CheckpointBody): Promise<void> {
    const older = keptBody(kept);
    if (body.treeSize < older.treeSize) this.raise('shrunk', kept, checkpoint, []);
    // What fails once may have been damaged on the way.
    for (let tries = 1; ; ++tries) {
      const same = body.treeSize === older.treeSize || older.treeSize === 0n;
      const path = same ? [] : (await this.prove(older.treeSize, body.treeSize)).path;
      try {
        verifyConsistency(older.treeSize, older.root, body.treeSize, body.root, path);
        return;
      } catch {
        if (same || tries === 2) this.raise('fork', kept, checkpoint, path.map(toBase64));
      }
    }
  }

  private raise(kind: Alarm['kind'], kept: Remembered, checkpoint: Checkpoint, proof: readonly string[]): never {
    const {note, verifierKey} = checkpoint;
    const alarm = {kind, timeMs: this.now(), keptNote: kept.note, keptKey: kept.key, note, key: verifierKey, proof};
    // The first one stays.
    const present = this.memory.read() ?? kept;
    this.memory.write({...present, alarm: present.alarm ?? alarm});
    throw new ProofError('DATA_LOSS', `the log's new tree head does not extend the one kept (${kind})`);
  }

  private keep(next: Remembered, body: CheckpointBody): void {
    const present = this.memory.read();
    // Another tab was faster, or heard of more.
    if (present !== undefined && keptBody(present).treeSize > body.treeSize) return;
    this.memory.write(present?.alarm === undefined ? next : {...next, alarm: present.alarm});
  }
}

const keptBody = (kept: Remembered): CheckpointBody => verifyCheckpoint(parseNote(kept.note), parseVerifierKey(kept.key));

// What was kept, if it is whole: undefined is like a first sight.
export function parseRemembered(text: string | null): Remembered | undefined {
  try {
    const kept = JSON.parse(text ?? 'null') as Remembered | null;
    if (kept === null) return undefined;
    keptBody(kept);
    return kept;
  } catch {
    return undefined;
  }
}

// An alarm as a file that stands alone: both heads, and what was to join them.
export function evidence({kind, timeMs, keptKey, keptNote, key, note, proof}: Alarm): string {
  const parts = [`thon evidence: ${kind}`, `seen ${new Date(timeMs).toISOString()}`, `kept key ${keptKey}`, `given key ${key}`];
  return `${parts.join('\n')}\n\n--- kept\n${keptNote}\n--- given\n${note}\n--- consistency proof given\n${proof.map((hash) => `${hash}\n`).join('')}`;
}
