// Goal: the page takes what a log and its witnesses signed, and nothing that is
// almost it.
// Method: the examples of the specifications; notes, checkpoints and proofs that
// Node's own Ed25519 signs over trees built here from RFC 6962's definition; then
// each is spoilt in one place. The vectors that all programs share are in
// vectors.test.ts.
import assert from 'node:assert/strict';
import {createHash, generateKeyPairSync, type KeyObject, sign} from 'node:crypto';
import {test} from 'node:test';
import {hex} from '../live/digest';
import {random, seed} from '../testing/seed';
import {concat, ProofError, toBase64, utf8} from './bytes';
import {checkpointText, parseCheckpointText, verifyCheckpoint} from './checkpoint';
import {emptyRoot, type Hash, hashLeaf, rootFromInclusionProof, verifyConsistency, verifyInclusion} from './merkle';
import {COSIGNATURE, ED25519, formatVerifierKey, isKeyName, keyId, parseNote, parseVerifierKey, type VerifierKey, verifyNote} from './note';
import {parseEntryBundle, parseTile, parseTilePath, tilePath, tileWidthAt} from './tile';
import {formatTlogProof, parseTlogProof, verifyTlogProof} from './tlog_proof';

const replaced = (path: readonly Hash[], at: number, hash: Hash): Hash[] => path.map((one, i) => (i === at ? hash : one));

const refused = (fault: string) => (error: unknown) => error instanceof ProofError && error.fault === fault;

// RFC 6962, 2.1, word for word.
const sha = (...parts: readonly Uint8Array[]): Hash => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};
const split = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);
function mth(leaves: readonly Uint8Array[]): Hash {
  if (leaves.length === 0) return sha();
  if (leaves.length === 1) return sha(Uint8Array.of(0), leaves[0]!);
  const k = split(leaves.length);
  return sha(Uint8Array.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}
function pathOf(m: number, leaves: readonly Uint8Array[]): Hash[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...pathOf(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...pathOf(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
}
function subproof(m: number, leaves: readonly Uint8Array[], whole: boolean): Hash[] {
  if (m === leaves.length) return whole ? [] : [mth(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), whole), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
}

interface Signer {
  readonly key: VerifierKey;
  readonly secret: KeyObject;
}

function signer(name: string, type: VerifierKey['type']): Signer {
  const {publicKey, privateKey} = generateKeyPairSync('ed25519');
  const raw = Buffer.from(publicKey.export({format: 'jwk'}).x!, 'base64url');
  return {key: {name, type, key: new Uint8Array(raw)}, secret: privateKey};
}

const line = ({key}: Signer, signature: Uint8Array): string =>
  `— ${key.name} ${toBase64(concat(Uint8Array.from(Buffer.from(keyId(key), 'hex')), signature))}\n`;
const signed = (by: Signer, text: string): string => line(by, sign(null, Buffer.from(text), by.secret));
function cosigned(by: Signer, text: string, timeS: bigint): string {
  const time = new Uint8Array(8);
  new DataView(time.buffer).setBigUint64(0, timeS);
  return line(by, concat(time, sign(null, Buffer.from(`cosignature/v1\ntime ${timeS}\n${text}`), by.secret)));
}

test("The specification's note is signed by its key, and by no other", () => {
  const note = parseNote(
    'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n',
  );
  const text = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
  const key = parseVerifierKey(text);
  assert.equal(formatVerifierKey(key), text);
  assert.equal(verifyNote(note, key).verdict, 'good');
  assert.equal(verifyNote({...note, text: 'This is an example message!\n'}, key).verdict, 'bad');
  assert.equal(verifyNote(note, signer('example.com/foo', ED25519).key).verdict, 'absent');
});

test('Every byte of a signature and of the text counts', () => {
  const log = signer('thon.example/t/1', ED25519);
  const text = 'một\nhai\n';
  const note = parseNote(`${text}\n${signed(log, text)}`);
  assert.equal(verifyNote(note, log.key).verdict, 'good');
  const [good] = note.signatures;
  for (let i = 0; i < 64; ++i) {
    const signature = good!.signature.slice();
    signature[i]! ^= 1 << (i % 8);
    assert.equal(verifyNote({...note, signatures: [{...good!, signature}]}, log.key).verdict, 'bad', `byte ${i}`);
  }
  for (const other of ['một\nhai', 'một\nhai\n\n', 'mot\nhai\n']) assert.equal(verifyNote({...note, text: other}, log.key).verdict, 'bad');
  // One that is false beside one that is good: the note is rejected.
  const spoilt = {...good!, signature: good!.signature.slice().reverse()};
  assert.equal(verifyNote({...note, signatures: [good!, spoilt]}, log.key).verdict, 'bad');
});

test('A key that signs everything is no key', () => {
  const one = Uint8Array.of(1, ...new Uint8Array(31)); // the neutral point, of order 1
  const key: VerifierKey = {name: 'x', type: ED25519, key: one};
  const signature = concat(one, new Uint8Array(32));
  assert.equal(verifyNote({text: 'a\n', signatures: [{name: 'x', keyId: keyId(key), signature}]}, key).verdict, 'bad');
});

test('A cosignature is over the time that it names, and is not a signature of the log', () => {
  const witness = signer('witness.example/w', COSIGNATURE);
  const text = checkpointText({origin: 'thon.example/t/1', treeSize: 0n, root: emptyRoot()});
  const early = cosigned(witness, text, 1_700_000_000n);
  const late = cosigned(witness, text, 1_700_000_060n);
  assert.deepEqual(verifyNote(parseNote(`${text}\n${early}${late}`), witness.key), {verdict: 'good', timeS: 1_700_000_060n});
  const [moved] = parseNote(`${text}\n${early}`).signatures;
  moved!.signature[7]! ^= 1;
  assert.equal(verifyNote({text, signatures: [moved!]}, witness.key).verdict, 'bad');
  const beyond = cosigned(witness, text, 1n << 63n);
  assert.equal(verifyNote(parseNote(`${text}\n${beyond}`), witness.key).verdict, 'bad');
  const plain = {...witness, key: {...witness.key, type: ED25519}} as const;
  assert.equal(verifyNote(parseNote(`${text}\n${signed(plain, text)}`), witness.key).verdict, 'absent');
});

test('What is no note, no key and no checkpoint is refused', () => {
  const good = '— a AAAAAAE=\n';
  parseNote(`x\n\n${good}`);
  const notes = ['', 'x\n', 'x\n\n', `x\n${good}`, `x\n\n${good.trim()}`, `x\r\n\n${good}`, `\u0001\n\n${good}`, 'x\n\n— a AAAA\n',
    'x\n\n- a AAAAAAE=\n', 'x\n\n— a  AAAAAAE=\n', 'x\n\n— a+b AAAAAAE=\n', 'x\n\n— \u00a0 AAAAAAE=\n', 'x\n\n— a AAAAAAF=\n', 'x\n\n— a AAAAAAE\n',
    `x\n\n${good.repeat(65)}`, `${'x'.repeat(64 * 1024)}\n\n${good}`, `\ud800\n\n${good}`];
  for (const note of notes) assert.throws(() => parseNote(note), refused('INVALID_ARGUMENT'), note.slice(0, 40));
  assert.equal(parseNote(`x\n\n${good.repeat(64)}`).signatures.length, 64);
  const {key} = signer('a', ED25519);
  const text = formatVerifierKey(key);
  const keys = ['', 'a+b', text.replace('a+', 'b+'), `${text}=`, text.toUpperCase(), `a+${keyId(key)}+${toBase64(concat(Uint8Array.of(2), key.key))}`,
    `a+${keyId(key)}+${toBase64(concat(Uint8Array.of(1), key.key, key.key))}`];
  for (const one of keys) assert.throws(() => parseVerifierKey(one), refused('INVALID_ARGUMENT'), one);
  assert.ok(isKeyName('a'.repeat(256)) && !isKeyName('a'.repeat(257)) && !isKeyName('') && !isKeyName('a\u3000b'));
  const root = toBase64(emptyRoot());
  assert.deepEqual(parseCheckpointText(`o\n0\n${root}\nextra\n`), {origin: 'o', treeSize: 0n, root: emptyRoot()});
  const bodies = [`o\n0\n${root}`, `o\n0\n`, `\n0\n${root}\n`, `o\n00\n${root}\n`, `o\n-1\n${root}\n`, `o\n${1n << 64n}\n${root}\n`, `o\n0\n${root.slice(4)}\n`,
    `o\n0\n${root}\n\n`, `o\n0\n${root}\n\nx\n`, `${'o'.repeat(257)}\n0\n${root}\n`];
  for (const body of bodies) assert.throws(() => parseCheckpointText(body), refused('INVALID_ARGUMENT'), body);
  assert.throws(() => parseCheckpointText(`o\n0\n${toBase64(new Uint8Array(32))}\n`), refused('FAILED_PRECONDITION'));
});

test('Every entry of every small tree is proven, and no other leaf, place, size or path', () => {
  for (let size = 1; size <= 20; ++size) {
    const leaves = Array.from({length: size}, (_, i) => utf8(`entry ${i}`));
    const root = mth(leaves);
    for (let index = 0; index < size; ++index) {
      const path = pathOf(index, leaves);
      const leaf = hashLeaf(leaves[index]!);
      verifyInclusion(leaf, BigInt(index), BigInt(size), path, root);
      const wrong = [
        () => verifyInclusion(hashLeaf(utf8('x')), BigInt(index), BigInt(size), path, root),
        () => verifyInclusion(leaf, BigInt(index), BigInt(size), [...path, leaf], root),
        () => verifyInclusion(leaf, BigInt(size), BigInt(size), path, root),
        ...path.map((hash, i) => () => verifyInclusion(leaf, BigInt(index), BigInt(size), replaced(path, i, hash.map((byte) => byte ^ 1)), root)),
        ...(path.length > 0 ? [() => verifyInclusion(leaf, BigInt(index), BigInt(size), path.slice(1), root)] : []),
        ...(size > 1 ? [() => verifyInclusion(leaf, BigInt((index + 1) % size), BigInt(size), path, root)] : []),
      ];
      for (const one of wrong) assert.throws(one, ProofError);
    }
  }
});

test('Every small tree extends every smaller one, by its proof and by no other', () => {
  const all = Array.from({length: 20}, (_, i) => utf8(`entry ${i}`));
  for (let newer = 1; newer <= all.length; ++newer) {
    for (let older = 0; older <= newer; ++older) {
      const proof = older === 0 ? [] : subproof(older, all.slice(0, newer), true);
      const roots = [mth(all.slice(0, older)), mth(all.slice(0, newer))] as const;
      const check = (path: readonly Hash[], first = roots[0], second = roots[1]): void =>
        verifyConsistency(BigInt(older), first, BigInt(newer), second, path);
      check(proof);
      const other = sha(utf8('another'));
      assert.throws(() => check(proof, other), ProofError);
      if (older > 0) assert.throws(() => check(proof, roots[0], other), ProofError);
      assert.throws(() => check([...proof, other]), ProofError);
      for (let i = 0; i < proof.length; ++i) assert.throws(() => check(replaced(proof, i, other)), ProofError);
      if (proof.length > 0) assert.throws(() => check(proof.slice(1)), ProofError);
    }
  }
});

test('A tree of nearly 2^64 entries has its proof; a larger one has none', () => {
  // Along the left border every sibling is to the right: a chain of 64 hashes.
  const leaf = hashLeaf(utf8('first'));
  const path = Array.from({length: 64}, (_, i) => sha(utf8(`level ${i}`)));
  const root = path.reduce((node, hash) => sha(Uint8Array.of(1), node, hash), leaf);
  const size = (1n << 64n) - 1n;
  assert.equal(hex(rootFromInclusionProof(leaf, 0n, size, path)), hex(root));
  assert.throws(() => rootFromInclusionProof(leaf, 0n, 1n << 64n, path), refused('INVALID_ARGUMENT'));
  // Numbers above 2^53 that a double would take for one another.
  const at = (1n << 53n) + 1n;
  assert.notEqual(hex(rootFromInclusionProof(leaf, at, size, path)), hex(rootFromInclusionProof(leaf, at - 1n, size, path)));
});

test('A proof as a file says what it said before, and holds by the key of its log alone', () => {
  const log = signer('thon.example/t/1', ED25519);
  const leaves = Array.from({length: 37}, (_, i) => utf8(`entry ${i}`));
  const index = 29;
  const text = checkpointText({origin: log.key.name, treeSize: 37n, root: mth(leaves)});
  const checkpoint = `${text}\n${signed(log, text)}`;
  const file = formatTlogProof({extra: utf8('chú thích'), index: BigInt(index), path: pathOf(index, leaves), checkpoint});
  const proof = parseTlogProof(file);
  assert.equal(formatTlogProof(proof), file);
  const leaf = hashLeaf(leaves[index]!);
  assert.equal(verifyTlogProof(proof, leaf, log.key).treeSize, 37n);
  assert.equal(verifyTlogProof({...proof, extra: undefined}, leaf, log.key).treeSize, 37n);
  assert.throws(() => verifyTlogProof(proof, hashLeaf(leaf), log.key), refused('DATA_LOSS'));
  assert.throws(() => verifyTlogProof(proof, leaf, signer(log.key.name, ED25519).key), refused('PERMISSION_DENIED'));
  assert.throws(() => verifyTlogProof(proof, leaf, {...log.key, name: 'other'}), refused('PERMISSION_DENIED'));
  const moved = {...proof, checkpoint: checkpoint.replace('\n37\n', '\n38\n')};
  assert.throws(() => verifyTlogProof(moved, leaf, log.key), refused('PERMISSION_DENIED'));
  const files = [file.replace('@v1', '@v2'), file.replace(/index \d+/, 'index 01'), file.replace(/index \d+\n/, ''), file.replace('\n\n', '\n'),
    file.replace('extra ', 'extra  '), file.slice(0, -1), `\n${file}`];
  for (const one of files) assert.throws(() => parseTlogProof(one), refused('INVALID_ARGUMENT'), one.slice(0, 60));
});

test('No letter of a proof can be another one, be missing or come twice', () => {
  const {next} = random(seed());
  const log = signer('thôn.example/t/1', ED25519);
  const leaves = Array.from({length: 11}, (_, i) => utf8(`entry ${i}`));
  const text = checkpointText({origin: log.key.name, treeSize: 11n, root: mth(leaves)});
  const file = formatTlogProof({extra: undefined, index: 6n, path: pathOf(6, leaves), checkpoint: `${text}\n${signed(log, text)}`});
  const check = (one: string): unknown => verifyTlogProof(parseTlogProof(one), hashLeaf(leaves[6]!), log.key);
  check(file);
  const letters = [...' \n\r\0+/=—-09AZaz', '\ud800', 'ô', '\ufeff'];
  for (let at = 0; at < file.length; ++at) {
    const letter = letters[next(letters.length)]!;
    for (const middle of [letter, '', file[at]! + file[at]!, file[at]! + letter]) {
      const changed = file.slice(0, at) + middle + file.slice(at + 1);
      if (changed !== file) assert.throws(() => check(changed), ProofError, `letter ${at}: ${JSON.stringify(middle)}`);
    }
  }
});

test('The checkpoint of another origin is none of this log, whoever signed it', () => {
  const log = signer('thon.example/t/1', ED25519);
  const text = checkpointText({origin: 'thon.example/t/2', treeSize: 0n, root: emptyRoot()});
  assert.throws(() => verifyCheckpoint(parseNote(`${text}\n${signed(log, text)}`), log.key), refused('PERMISSION_DENIED'));
});

test('A tile has one path', () => {
  const id = {entries: false, level: 0, index: 1_234_067n, width: 256};
  assert.equal(tilePath(id), 'tile/0/x001/x234/067');
  assert.deepEqual(parseTilePath('tile/entries/000.p/7'), {entries: true, level: 0, index: 0n, width: 7});
  const largest = {...id, level: 63, index: (1n << 64n) - 1n, width: 1};
  assert.deepEqual(parseTilePath(tilePath(largest)), largest);
  const wrong = ['', 'tile/0/0', 'tile/00/000', 'tile/64/000', 'tile/0/x000/000', 'tile/0/000.p/0', 'tile/0/000.p/256', 'tile/0/000.p/01', 'tile/0/1000',
    'tile/0/001/002', 'tile/0/x001/x002', '/tile/0/000', 'tile/0/000/', 'tile/-1/000', 'tile/entries/x018/x446/x744/x073/x709/x551/616'];
  for (const path of wrong) assert.throws(() => parseTilePath(path), refused('INVALID_ARGUMENT'), path);
  // The specification's tree of 70,000.
  assert.deepEqual([tileWidthAt(0, 272n, 70_000n), tileWidthAt(0, 273n, 70_000n), tileWidthAt(0, 274n, 70_000n)], [256, 112, 0]);
  assert.deepEqual([tileWidthAt(1, 0n, 70_000n), tileWidthAt(1, 1n, 70_000n), tileWidthAt(2, 0n, 70_000n), tileWidthAt(3, 0n, 70_000n)], [256, 17, 1, 0]);
  assert.throws(() => parseTile(new Uint8Array(63), 2), refused('INVALID_ARGUMENT'));
  assert.equal(parseTile(new Uint8Array(64), 2).length, 2);
  const bundle = Uint8Array.of(0, 2, 7, 8, 0, 0);
  assert.deepEqual(parseEntryBundle(bundle, 2).map(hex), ['0708', '']);
  for (const [bytes, width] of [[bundle, 1], [bundle, 3], [bundle.subarray(0, 5), 2], [bundle.subarray(0, 3), 1]] as const) {
    assert.throws(() => parseEntryBundle(bytes, width), refused('INVALID_ARGUMENT'));
  }
});
