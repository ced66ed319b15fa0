// Goal: a browser that follows a log raises an alarm when the log breaks its
// word, keeps it, and raises none for what was only damaged on the way.
// Method: a log over a growing list, signed by Node's own Ed25519, that answers
// right or lies as the test says.
import assert from 'node:assert/strict';
import {generateKeyPairSync, type KeyObject, sign} from 'node:crypto';
import {test} from 'node:test';
import {create, toBinary} from '@bufbuild/protobuf';
import {InclusionProofSchema, type InclusionProof} from '../gen/thon/v1/audit_service_pb';
import {EventSchema} from '../gen/thon/v1/event_pb';
import {BatchSchema, type Checkpoint, CheckpointSchema} from '../gen/thon/v1/log_pb';
import {TeamEventSchema} from '../gen/thon/v1/query_service_pb';
import {concat, ProofError, toBase64, utf8} from './bytes';
import {checkpointText} from './checkpoint';
import {checkEntry, proveEvent} from './event_proof';
import {evidence, LogFollower, type Memory, parseRemembered} from './follow';
import {emptyRoot, type Hash, hashLeaf, hashNode} from './merkle';
import {ED25519, formatVerifierKey, keyId, type VerifierKey} from './note';
import {formatTlogProof} from './tlog_proof';

const ORIGIN = 'thon.example/yen-bai/1';
const split = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);

function rootOf(leaves: readonly Hash[]): Hash {
  if (leaves.length === 0) return emptyRoot();
  if (leaves.length === 1) return leaves[0]!;
  const k = split(leaves.length);
  return hashNode(rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}

function pathOf(m: number, leaves: readonly Hash[]): Hash[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k ? [...pathOf(m, leaves.slice(0, k)), rootOf(leaves.slice(k))] : [...pathOf(m - k, leaves.slice(k)), rootOf(leaves.slice(0, k))];
}

function between(m: number, leaves: readonly Hash[], whole = true): Hash[] {
  if (m === leaves.length) return whole ? [] : [rootOf(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...between(m, leaves.slice(0, k), whole), rootOf(leaves.slice(k))]
    : [...between(m - k, leaves.slice(k), false), rootOf(leaves.slice(0, k))];
}

class FakeLog {
  entries: Uint8Array[] = [];
  secret: KeyObject;
  key: VerifierKey;

  constructor(size: number) {
    this.grow(size);
    [this.secret, this.key] = this.newKey();
  }

  newKey(): [KeyObject, VerifierKey] {
    const {publicKey, privateKey} = generateKeyPairSync('ed25519');
    const key = new Uint8Array(Buffer.from(publicKey.export({format: 'jwk'}).x!, 'base64url'));
    return [privateKey, {name: ORIGIN, type: ED25519, key}];
  }

  grow(count: number): void {
    for (let i = 0; i < count; ++i) this.entries.push(utf8(`entry ${this.entries.length}`));
  }

  get leaves(): Hash[] {
    return this.entries.map(hashLeaf);
  }

  checkpoint(): Checkpoint {
    const body = {origin: ORIGIN, treeSize: BigInt(this.entries.length), root: rootOf(this.leaves)};
    const text = checkpointText(body);
    const signature = concat(Uint8Array.from(Buffer.from(keyId(this.key), 'hex')), sign(null, Buffer.from(text), this.secret));
    const note = `${text}\n— ${ORIGIN} ${toBase64(signature)}\n`;
    return create(CheckpointSchema, {origin: ORIGIN, treeSize: body.treeSize, rootHash: body.root, note, verifierKey: formatVerifierKey(this.key)});
  }

  inclusion(index: number): InclusionProof {
    const checkpoint = this.checkpoint();
    const path = pathOf(index, this.leaves);
    const {treeSize, rootHash} = checkpoint;
    const tlogProof = formatTlogProof({extra: undefined, index: BigInt(index), path, checkpoint: checkpoint.note});
    return create(InclusionProofSchema, {entryIndex: BigInt(index), treeSize, leafHash: this.leaves[index]!, path, rootHash, checkpoint, tlogProof});
  }
}

class World {
  readonly log = new FakeLog(7);
  stored: string | null = null;
  clock = 1_700_000_000_000;
  // Proofs still to be spoilt on their way.
  spoil = 0;
  readonly memory: Memory = {
    read: () => parseRemembered(this.stored),
    write: (kept) => {
      this.stored = kept === undefined ? null : JSON.stringify(kept);
    },
  };
  readonly follower = this.newFollower();

  newFollower(): LogFollower {
    const prove = (first: bigint, second: bigint): Promise<{path: Hash[]}> => {
      const path = between(Number(first), this.log.leaves.slice(0, Number(second)));
      if (this.spoil > 0 && this.spoil--) path[0]![0]! ^= 1;
      return Promise.resolve({path});
    };
    return new LogFollower(this.memory, prove, () => this.clock++);
  }

  head = () => this.follower.follow(() => Promise.resolve(this.log.checkpoint()));
  refused = (fault: string, change: (checkpoint: Checkpoint) => void = () => undefined) =>
    assert.rejects(
      this.follower.follow(() => {
        const checkpoint = this.log.checkpoint();
        change(checkpoint);
        return Promise.resolve(checkpoint);
      }),
      (error) => error instanceof ProofError && error.fault === fault,
    );
  get alarm() {
    return this.memory.read()?.alarm;
  }
}

test('At first sight a head is kept with its key; each later one extends it', async () => {
  const world = new World();
  const first = await world.head();
  assert.equal(first.from, undefined);
  for (const more of [0, 1, 9, 100]) {
    const before = world.log.entries.length;
    world.log.grow(more);
    const next = await world.head();
    assert.equal(next.from?.treeSize, BigInt(before));
    assert.equal(next.sinceMs, first.sinceMs);
  }
  assert.equal(world.alarm, undefined);
});

test('A log that has lost entries raises an alarm that stays', async () => {
  const world = new World();
  await world.head();
  const {entries} = world.log;
  world.log.entries = entries.slice(0, 6);
  await world.refused('DATA_LOSS');
  assert.equal(world.alarm?.kind, 'shrunk');
  // Also when the log is right again, and in another tab.
  world.log.entries = entries;
  world.log.grow(3);
  await world.newFollower().follow(() => Promise.resolve(world.log.checkpoint()));
  assert.equal(world.alarm?.kind, 'shrunk');
  assert.match(evidence(world.alarm!), /shrunk[\s\S]*\n7\n[\s\S]*\n6\n/);
});

test('A log whose past is another raises an alarm, at the same size and at a larger', async () => {
  for (const more of [0, 1, 20]) {
    const world = new World();
    await world.head();
    world.log.entries[3] = utf8('another past');
    world.log.grow(more);
    await world.refused('DATA_LOSS');
    assert.equal(world.alarm?.kind, 'fork');
    const kept = world.stored;
    await world.refused('DATA_LOSS');
    assert.equal(world.stored, kept, 'the first alarm and the head before it stay');
  }
});

test('A log that is signed by another key raises an alarm', async () => {
  const world = new World();
  await world.head();
  [world.log.secret, world.log.key] = world.log.newKey();
  await world.refused('DATA_LOSS');
  assert.equal(world.alarm?.kind, 'key');
});

test('What was damaged on the way is not taken, and is no alarm', async () => {
  const world = new World();
  await world.head();
  const kept = world.stored;
  await world.refused('PERMISSION_DENIED', (head) => (head.note = head.note.replace('\n7\n', '\n8\n')));
  await world.refused('INVALID_ARGUMENT', (head) => (head.rootHash[0]! ^= 1));
  await world.refused('INVALID_ARGUMENT', (head) => (head.treeSize += 1n));
  await world.refused('INVALID_ARGUMENT', (head) => (head.note = head.note.slice(0, -1)));
  await world.refused('INVALID_ARGUMENT', (head) => {
    // A line of nobody's, and a key that is none.
    head.note = head.note.replace(/(— \S+ ).{4}/, '$1AAAA');
    head.verifierKey = `${head.verifierKey}x`;
  });
  await world.refused('PERMISSION_DENIED', (head) => {
    // A key of the server's that did not sign.
    head.note = head.note.replace(/(— \S+ ).{4}/, '$1AAAA');
    head.verifierKey = formatVerifierKey(world.log.newKey()[1]);
  });
  assert.equal(world.stored, kept);
  world.log.grow(5);
  world.spoil = 1;
  await world.head(); // The proof is asked for once more.
  assert.equal(world.alarm?.kind, undefined);
  world.log.grow(5);
  world.spoil = 2;
  await world.refused('DATA_LOSS');
  assert.equal(world.alarm?.kind, 'fork');
});

test('A failed call changes nothing and does not stop what comes next', async () => {
  const world = new World();
  await assert.rejects(world.follower.follow(() => Promise.reject(new Error('offline'))), /offline/);
  assert.equal(world.stored, null);
  await world.head();
});

test('A head that another tab heard of meanwhile is not forgotten for a smaller one', async () => {
  const world = new World();
  const answer = world.log.checkpoint();
  await world.follower.follow(async () => {
    world.log.grow(4);
    await world.newFollower().follow(() => Promise.resolve(world.log.checkpoint()));
    return answer;
  });
  assert.equal((await world.head()).from?.treeSize, 11n);
  assert.equal(world.alarm, undefined);
});

test('What is stored and is not whole is like a first sight', () => {
  const note = new World().log.checkpoint().note;
  for (const text of ['', '{', '{}', '[]', JSON.stringify({key: 'x', note}), JSON.stringify({note: 1})]) assert.equal(parseRemembered(text), undefined, text);
});

test('The proof of each event holds, and no proof in which anything was changed', async () => {
  const world = new World();
  for (let index = 0; index < 7; ++index) await proveEvent(world.follower, () => Promise.resolve(world.log.inclusion(index)));
  const changes: ((answer: InclusionProof) => void)[] = [
    (answer) => (answer.path[1]![5]! ^= 1),
    (answer) => answer.path.pop(),
    (answer) => (answer.leafHash[0]! ^= 1),
    (answer) => (answer.rootHash[31]! ^= 0x80),
    (answer) => (answer.entryIndex ^= 1n),
    (answer) => (answer.treeSize += 1n),
    (answer) => (answer.tlogProof = ''),
    (answer) => (answer.tlogProof = answer.tlogProof.replace('index 3', 'index 2')),
    (answer) => (answer.tlogProof = answer.tlogProof.replace(/\n.{43}=\n/, `\n${toBase64(emptyRoot())}\n`)),
    (answer) => (answer.checkpoint = undefined),
    (answer) => (answer.checkpoint!.note = answer.checkpoint!.note.replace('\n7\n', '\n8\n')),
  ];
  for (const change of changes) {
    const answer = world.log.inclusion(3);
    change(answer);
    await assert.rejects(proveEvent(world.follower, () => Promise.resolve(answer)), ProofError, String(change));
  }
  assert.equal(world.alarm, undefined);
});

test('An entry holds the event that is shown, and no other', () => {
  const author = new Uint8Array(16).fill(7);
  const events = [1, 2, 3].map((n) => create(EventSchema, {payload: {case: 'householdVisit', value: {}}, claimedDate: n}));
  const batch = toBinary(BatchSchema, create(BatchSchema, {author, firstSequence: 11n, events}));
  const trailer = new Uint8Array(83);
  const view = new DataView(trailer.buffer);
  view.setBigUint64(64, 500n);
  view.setUint16(72, 3);
  view.setBigInt64(74, 1_700_000_000_123n);
  trailer[82] = 1;
  const leaf = concat(batch, trailer);
  const hash = hashLeaf(leaf);
  const shown = (change: object = {}) => create(TeamEventSchema, {position: 502n, receiveTimeMs: 1_700_000_000_123n, author, sequence: 13n, event: events[2], ...change});
  checkEntry(leaf, hash, shown());
  const others = [{position: 501n}, {position: 503n}, {position: 499n}, {sequence: 12n}, {author: new Uint8Array(16)}, {event: events[0]}, {event: undefined}, {receiveTimeMs: 1n}];
  for (const other of others) assert.throws(() => checkEntry(leaf, hash, shown(other)), ProofError, Object.keys(other)[0]);
  assert.throws(() => checkEntry(leaf.map((byte, i) => (i === 3 ? byte ^ 1 : byte)), hash, shown()), ProofError);
  for (const short of [new Uint8Array(), trailer, new Uint8Array(100)]) assert.throws(() => checkEntry(short, hashLeaf(short), shown()), ProofError);
});
