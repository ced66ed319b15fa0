// Goal: the page takes what every other program of the project takes, and
// refuses what they refuse, for the same reason.
// Method: all vectors of tests/vectors/proof, good and bad, and those of the
// Merkle tree. A file, or a part of one, that is not known here fails: it is run
// or it is named below with the reason why not.
import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {hex} from '../live/digest';
import {concat, fromUtf8, ProofError} from './bytes';
import {checkpointText, parseCheckpointText, verifyCheckpoint} from './checkpoint';
import {hashLeaf, hashNode, verifyConsistency, verifyInclusion} from './merkle';
import {ED25519, formatVerifierKey, keyId, parseNote, parseSignatureLines, parseVerifierKey, verifyNote} from './note';
import {parseEntryBundle, parseTile, parseTilePath, tilePath, TILE_WIDTH, tileWidthAt} from './tile';
import {formatTlogProof, parseTlogProof, verifyTlogProof} from './tlog_proof';

const FOLDER = join(SOURCE_DIR, '../../tests/vectors');

const NOT_HERE: Readonly<Record<string, string>> = {
  'add_checkpoint.json': 'a page asks no witness and is none',
  'receipt_card.json': 'phones show receipt cards, and thon and thon-verify check them',
  'trust_policy.json': "the page has no witness's key, and says so",
};

type Case = Record<string, any>;
type Run = (one: Case) => void;

const unhex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const unhexAll = (texts: readonly string[]): Uint8Array[] => texts.map(unhex);
const sha256 = (...parts: readonly Uint8Array[]): string => createHash('sha256').update(concat(...parts)).digest('hex');

// What `run` gives, or the code of what it throws; anything else thrown is a
// fault of ours.
function outcome<T>(run: () => T): {fault: string; value?: T} {
  try {
    return {fault: '', value: run()};
  } catch (error) {
    if (error instanceof ProofError) return {fault: error.fault};
    throw error;
  }
}

// Runs `read`, which must end as wanted; what it read goes to `check`.
function expect<T>(want: string, read: () => T, check: (value: T) => void = () => undefined): void {
  const {fault, value} = outcome(read);
  assert.equal(fault, want);
  if (fault === '') check(value as T);
}

const lineFields = ({name, keyId: id, signature}: {name: string; keyId: string; signature: Uint8Array}): Case => ({
  name,
  key_id: id,
  signature: hex(signature),
});

const noteOf = (one: Case): string => one.note ?? fromUtf8(unhex(one.note_hex));

function checkVerdict(one: Case): void {
  const {verdict, timeS} = verifyNote(parseNote(one.note), parseVerifierKey(one.vkey));
  assert.deepEqual([verdict, String(timeS)], [one.verdict, one.time_s]);
}

function checkTree(one: Case): void {
  const paths: string[] = [];
  const size = BigInt(one.tree_size);
  for (let level = 0; size >> BigInt(8 * level) > 0n; ++level) {
    for (let index = 0n; ; ++index) {
      const width = tileWidthAt(level, index, size);
      if (width > 0) paths.push(tilePath({entries: false, level, index, width}));
      if (width < TILE_WIDTH) break;
    }
  }
  const all = createHash('sha256').update(paths.map((path) => `${path}\n`).join('')).digest('hex');
  assert.deepEqual([paths.length, paths.slice(0, 3), paths.slice(-4), all], [one.count, one.first, one.last, one.sha256_of_all]);
}

// The tiles of a tree whose entry i is i in two bytes, from their definition.
const twoBytes = (i: number): Uint8Array => Uint8Array.of((i >> 8) & 0xff, i & 0xff);
function subtree(first: number, size: number): Uint8Array {
  if (size === 1) return hashLeaf(twoBytes(first));
  return hashNode(subtree(first, size / 2), subtree(first + size / 2, size / 2));
}
function checkContent(one: Case): void {
  const {level, index, width} = parseTilePath(one.path);
  assert.equal(width, tileWidthAt(level, index, BigInt(one.tree_size)));
  const leaves = 256 ** level;
  const hashes = Array.from({length: width}, (_, i) => subtree((Number(index) * 256 + i) * leaves, leaves));
  assert.equal(sha256(...hashes), one.sha256);
}

const FILES: Readonly<Record<string, Readonly<Record<string, Run>>>> = {
  'note.json': {
    verifier_keys: (one) =>
      expect(one.want, () => parseVerifierKey(one.vkey), (key) => {
        assert.deepEqual([key.name, key.type, keyId(key), hex(key.key)], [one.key_name, one.type, one.key_id, one.public_key]);
        assert.equal(formatVerifierKey(key), one.vkey);
      }),
    notes: (one) =>
      expect(one.want, () => parseNote(noteOf(one)), ({text, signatures}) => {
        assert.equal(text, one.text);
        assert.deepEqual(signatures.map(lineFields), one.signatures);
      }),
    signature_lines: (one) =>
      expect(one.want, () => parseSignatureLines(one.lines), (lines) => assert.deepEqual(lines.map(lineFields), one.signatures)),
    verdicts: checkVerdict,
    signatures: (one) => {
      const key = parseVerifierKey(one.vkey);
      const note = {text: one.text, signatures: parseSignatureLines(one.line)};
      assert.deepEqual(verifyNote(note, key), {verdict: 'good', timeS: key.type === ED25519 ? 0n : BigInt(one.time_s)});
    },
  },
  'checkpoint.json': {
    texts: (one) =>
      expect(one.want, () => parseCheckpointText(one.text), (body) => {
        assert.deepEqual([body.origin, String(body.treeSize), hex(body.root)], [one.origin, one.tree_size, one.root]);
        assert.ok(one.text.startsWith(checkpointText(body)));
      }),
    verdicts: (one) => expect(one.want, () => verifyCheckpoint(parseNote(one.note), parseVerifierKey(one.vkey))),
  },
  'inclusion.json': {
    cases: (one) =>
      expect(one.want, () => verifyInclusion(unhex(one.leaf_hash), BigInt(one.index), BigInt(one.size), unhexAll(one.proof), unhex(one.root))),
  },
  'consistency.json': {
    cases: (one) =>
      expect(one.want, () =>
        verifyConsistency(BigInt(one.size1), unhex(one.root1), BigInt(one.size2), unhex(one.root2), unhexAll(one.proof))),
  },
  'tile.json': {
    paths: (one) =>
      expect(one.want, () => parseTilePath(one.path), (id) => {
        assert.deepEqual({...id, index: String(id.index)}, {entries: one.entries, level: one.level, index: one.index, width: one.width});
        assert.equal(tilePath(id), one.path);
      }),
    trees: checkTree,
    contents: checkContent,
    tiles: (one) => expect(one.want, () => parseTile(unhex(one.bytes), one.width), (hashes) => assert.deepEqual(hashes.map(hex), one.hashes)),
    bundles: (one) =>
      expect(one.want, () => parseEntryBundle(unhex(one.bytes), one.width), (entries) => assert.deepEqual(entries.map(hex), one.entries)),
  },
  'tlog_proof.json': {
    cases: (one) =>
      expect(one.want, () => parseTlogProof(one.proof), (proof) => {
        const {extra, index, path, checkpoint} = proof;
        assert.deepEqual(
          [extra === undefined ? null : hex(extra), String(index), path.map(hex), checkpoint],
          [one.extra, one.index, one.path, one.checkpoint],
        );
        assert.equal(formatTlogProof(proof), one.proof);
        expect(one.want_verified, () => verifyTlogProof(proof, unhex(one.leaf_hash), parseVerifierKey(one.vkey)));
      }),
  },
};

const read = (name: string): Record<string, Case[]> => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
const nameOf = (one: Case, at: number): string => one.name ?? one.path ?? one.tree_size ?? String(at);

function runAll(cases: readonly Case[], run: Run, of: string): void {
  assert.ok(cases.length > 0, `${of} has no case`);
  const wrong = cases.flatMap((one, at) => {
    try {
      run(one);
      return [];
    } catch (error) {
      return [`${of}: ${nameOf(one, at)}: ${error instanceof Error ? error.message : String(error)}`];
    }
  });
  assert.deepEqual(wrong, []);
}

test('Every file of vectors is run here, or it is said why not', () => {
  const files = readdirSync(join(FOLDER, 'proof')).filter((name) => name.endsWith('.json'));
  const known = [...Object.keys(FILES), ...Object.keys(NOT_HERE)];
  assert.deepEqual(files.sort(), known.sort());
});

for (const [file, parts] of Object.entries(FILES)) {
  test(`Every case of proof/${file} ends as it must`, () => {
    const content = read(`proof/${file}`);
    assert.deepEqual(Object.keys(content).sort(), Object.keys(parts).sort());
    for (const [part, run] of Object.entries(parts)) runAll(content[part]!, run, part);
  });
}

test('Every case of merkle.json ends as it must', () => {
  const {inclusion, consistency} = read('merkle.json');
  runAll(inclusion!, (one) => expect(one.want_error, () =>
    verifyInclusion(unhex(one.leaf_hash), BigInt(one.index), BigInt(one.size), unhexAll(one.proof), unhex(one.root))), 'inclusion');
  runAll(consistency!, (one) => expect(one.want_error, () =>
    verifyConsistency(BigInt(one.size1), unhex(one.root1), BigInt(one.size2), unhex(one.root2), unhexAll(one.proof))), 'consistency');
});

test('A case that ends otherwise is seen', () => {
  const [good] = read('merkle.json').inclusion!;
  assert.throws(() => runAll([{...good, want_error: 'DATA_LOSS'}], (one) => expect(one.want_error, () => undefined), 'planted'), /planted/);
});
