// That an event that is shown is in the log: an entry by its leaf hash, under a
// signed tree head; and, if its bytes are read, that they are what is shown.
import {fromBinary, toBinary} from '@bufbuild/protobuf';
import type {InclusionProof} from '../gen/thon/v1/audit_service_pb';
import {EventSchema} from '../gen/thon/v1/event_pb';
import {BatchSchema} from '../gen/thon/v1/log_pb';
import type {TeamEvent} from '../gen/thon/v1/query_service_pb';
import {equalBytes} from '../live/digest';
import {malformed, ProofError} from './bytes';
import type {Followed, LogFollower} from './follow';
import {hashLeaf, verifyInclusion} from './merkle';
import {parseTlogProof, verifyTlogProof} from './tlog_proof';

export interface EventProof {
  readonly answer: InclusionProof;
  readonly head: Followed;
}

// Checks what `read` brings and its tree head; throws like LogFollower.follow().
export async function proveEvent(follower: LogFollower, read: () => Promise<InclusionProof>): Promise<EventProof> {
  let answer: InclusionProof | undefined;
  const head = await follower.follow(async () => {
    answer = await read();
    return answer.checkpoint ?? malformed('a proof without a signed tree head');
  });
  checkInclusion(answer!, head);
  return {answer: answer!, head};
}

// Both forms of the proof hold, and say the same.
function checkInclusion(answer: InclusionProof, {checkpoint, body, key}: Followed): void {
  const {leafHash, entryIndex, treeSize, path, rootHash, tlogProof} = answer;
  if (treeSize !== body.treeSize || !equalBytes(rootHash, body.root)) malformed('the proof is for another tree head');
  verifyInclusion(leafHash, entryIndex, treeSize, path, rootHash);
  const file = parseTlogProof(tlogProof);
  if (file.index !== entryIndex || file.checkpoint !== checkpoint.note) malformed('the file is of another proof');
  verifyTlogProof(file, leafHash, key);
}

// Of server/storage/FORMAT.md: signature(64) first_position(8) event_count(2)
// receive_time_ms(8) version(1).
const TRAILER_BYTES = 83;
const VERSION = 1;

// Throws unless the entry's bytes are those of the leaf hash and hold the event
// exactly as it is shown.
export function checkEntry(leaf: Uint8Array, leafHash: Uint8Array, shown: TeamEvent): void {
  if (!equalBytes(hashLeaf(leaf), leafHash)) throw new ProofError('DATA_LOSS', 'the bytes of the entry have another hash');
  const split = leaf.length - TRAILER_BYTES;
  if (split <= 0 || leaf.at(-1) !== VERSION) malformed('not an entry');
  const trailer = new DataView(leaf.buffer, leaf.byteOffset + split);
  const batch = (() => {
    try {
      return fromBinary(BatchSchema, leaf.subarray(0, split));
    } catch {
      return malformed('not an entry');
    }
  })();
  const place = Number(shown.position - trailer.getBigUint64(64));
  const event = batch.events[place];
  const same =
    event !== undefined &&
    shown.event !== undefined &&
    equalBytes(batch.author, shown.author) &&
    batch.firstSequence + BigInt(place) === shown.sequence &&
    trailer.getBigInt64(74) === shown.receiveTimeMs &&
    equalBytes(toBinary(EventSchema, event), toBinary(EventSchema, shown.event));
  if (!same) throw new ProofError('DATA_LOSS', 'the entry holds something else than what is shown');
}
