// Proofs that are checked without a network (c2sp.org/tlog-proof), as files
// *.tlog-proof hold them. What server/core/tlog_proof.h says holds here.
import {decimal, fromBase64, hashFromBase64, malformed, NOTE_BYTES_MAX, PROOF_HASHES_MAX, ProofError, toBase64, utf8} from './bytes';
import {type CheckpointBody, parseCheckpointText, verifyCheckpoint} from './checkpoint';
import {type Hash, verifyInclusion} from './merkle';
import {parseNote, type VerifierKey} from './note';

const MAGIC = 'c2sp.org/tlog-proof@v1';

export interface TlogProof {
  readonly extra: Uint8Array | undefined; // opaque, not to be trusted, not empty
  readonly index: bigint;
  readonly path: readonly Hash[]; // leaf side first
  readonly checkpoint: string; // the note, verbatim
}

export function formatTlogProof({extra, index, path, checkpoint}: TlogProof): string {
  const head = [MAGIC, ...(extra === undefined || extra.length === 0 ? [] : [`extra ${toBase64(extra)}`]), `index ${index}`];
  return `${[...head, ...path.map(toBase64)].join('\n')}\n\n${checkpoint}`;
}

// Form only; the checkpoint must be one, whoever signed it.
export function parseTlogProof(text: string): TlogProof {
  if (utf8(text).length > 2 * NOTE_BYTES_MAX) malformed('too long');
  const end = text.indexOf('\n\n');
  if (end < 0) malformed('no checkpoint');
  const head = text.slice(0, end).split('\n');
  if (head.shift() !== MAGIC) malformed('not a tlog-proof');
  const extra = head[0]?.startsWith('extra ') === true ? fromBase64(head.shift()!.slice('extra '.length)) : undefined;
  const index = head.shift() ?? '';
  if (!index.startsWith('index ')) malformed('no index');
  if (extra?.length === 0) malformed('extra data of no bytes');
  if (head.length > PROOF_HASHES_MAX) malformed('too many hashes');
  const checkpoint = text.slice(end + 2);
  const {text: body} = parseNote(checkpoint);
  malformedIfEmpty(() => parseCheckpointText(body));
  return {extra, index: decimal(index.slice('index '.length)), path: head.map(hashFromBase64), checkpoint};
}

// An impossible empty tree makes a proof malformed: no entry is in it.
function malformedIfEmpty<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProofError && error.fault === 'FAILED_PRECONDITION') malformed(error.message);
    throw error;
  }
}

// The checkpoint's body, if the log signed it and the entry with this leaf hash
// is in its tree at the proof's index.
export function verifyTlogProof(proof: TlogProof, leaf: Hash, key: VerifierKey): CheckpointBody {
  const note = parseNote(proof.checkpoint);
  const body = malformedIfEmpty(() => verifyCheckpoint(note, key));
  verifyInclusion(leaf, proof.index, body.treeSize, proof.path, body.root);
  return body;
}
