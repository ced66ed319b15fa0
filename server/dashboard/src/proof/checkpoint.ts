// Checkpoints (c2sp.org/tlog-checkpoint): a log's tree head as a signed note.
// What server/core/checkpoint.h says holds here.
import {equalBytes} from '../live/digest';
import {decimal, hashFromBase64, KEY_NAME_BYTES_MAX, lines, malformed, ProofError, toBase64, utf8} from './bytes';
import {emptyRoot, type Hash} from './merkle';
import {ED25519, type SignedNote, type VerifierKey, verifyNote} from './note';

export interface CheckpointBody {
  readonly origin: string;
  readonly treeSize: bigint;
  readonly root: Hash;
}

export const checkpointText = ({origin, treeSize, root}: CheckpointBody): string =>
  `${origin}\n${treeSize}\n${toBase64(root)}\n`;

// The body as it is written, whatever it says. Lines after the third are allowed
// and left out.
function parseBody(text: string): CheckpointBody {
  const all = lines(text);
  const [origin = '', size = '', root = ''] = all;
  if (all.length < 3 || all.includes('')) malformed('not the lines of a checkpoint');
  if (utf8(origin).length > KEY_NAME_BYTES_MAX) malformed('the origin is too long');
  return {origin, treeSize: decimal(size), root: hashFromBase64(root)};
}

function checkEmptyTree(body: CheckpointBody): CheckpointBody {
  if (body.treeSize === 0n && !equalBytes(body.root, emptyRoot())) {
    throw new ProofError('FAILED_PRECONDITION', 'the root of no entries is another');
  }
  return body;
}

export const parseCheckpointText = (text: string): CheckpointBody => checkEmptyTree(parseBody(text));

// The body, if the log signed it under the name of its origin.
export function verifyCheckpoint(note: SignedNote, key: VerifierKey): CheckpointBody {
  if (key.type !== ED25519) malformed('not the key of a log');
  const body = parseBody(note.text);
  if (body.origin !== key.name) throw new ProofError('PERMISSION_DENIED', 'the checkpoint of another log');
  const {verdict} = verifyNote(note, key);
  if (verdict !== 'good') {
    throw new ProofError('PERMISSION_DENIED', verdict === 'bad' ? "the log's signature is false" : 'not signed by the log');
  }
  return checkEmptyTree(body);
}
