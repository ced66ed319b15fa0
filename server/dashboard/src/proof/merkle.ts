// The Merkle tree of RFC 6962: where a proof leads. What server/core/merkle.h
// says holds here.
import {sha256} from '@noble/hashes/sha2';
import {equalBytes} from '../live/digest';
import {concat, HASH_BYTES, malformed, ProofError} from './bytes';

export type Hash = Uint8Array; // 32 bytes

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

export const hashLeaf = (entry: Uint8Array): Hash => sha256(concat(LEAF, entry));
export const hashNode = (left: Hash, right: Hash): Hash => sha256(concat(NODE, left, right));
export const emptyRoot = (): Hash => sha256(new Uint8Array());

function checkForm(sizes: readonly bigint[], hashes: readonly Hash[]): void {
  if (sizes.some((size) => size < 0n || size >> 64n !== 0n)) malformed('a size beyond 64 bits');
  if (hashes.some((hash) => hash.length !== HASH_BYTES)) malformed('a hash that is not 32 bytes');
}

// The root that `proof` leads to from `leaf`, the leaf at `index`.
export function rootFromInclusionProof(leaf: Hash, index: bigint, size: bigint, proof: readonly Hash[]): Hash {
  checkForm([index, size], [leaf, ...proof]);
  if (index >= size) malformed(`entry ${index} in a tree of ${size}`);
  let node = index;
  let last = size - 1n;
  let root = leaf;
  for (const hash of proof) {
    if (last === 0n) malformed('too many hashes');
    if ((node & 1n) === 1n || node === last) {
      root = hashNode(hash, root);
      // At the right border the levels without a sibling are passed over.
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      root = hashNode(root, hash);
    }
    node >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n) malformed('too few hashes');
  return root;
}

export function verifyInclusion(leaf: Hash, index: bigint, size: bigint, proof: readonly Hash[], root: Hash): void {
  checkForm([], [root]);
  same(rootFromInclusionProof(leaf, index, size, proof), root, 'the path leads to another root');
}

function same(found: Hash, given: Hash, what: string): void {
  if (!equalBytes(found, given)) throw new ProofError('DATA_LOSS', what);
}

// Throws unless `proof` shows that the tree (size2, root2) extends (size1, root1).
export function verifyConsistency(size1: bigint, root1: Hash, size2: bigint, root2: Hash, proof: readonly Hash[]): void {
  checkForm([size1, size2], [root1, root2, ...proof]);
  if (size1 > size2) malformed('the newer tree is the smaller');
  if (size1 === 0n || size1 === size2) {
    if (proof.length > 0) malformed('too many hashes');
    if (size1 === 0n) same(emptyRoot(), root1, 'the root of no entries is another');
    if (size1 === size2) same(root1, root2, 'two roots of one size');
    return;
  }
  let node = size1 - 1n;
  let last = size2 - 1n;
  // The largest perfect subtree that ends where the older tree does is in both.
  while ((node & 1n) === 1n) {
    node >>= 1n;
    last >>= 1n;
  }
  const path = node === 0n ? [root1, ...proof] : [...proof];
  const first = path.shift() ?? malformed('too few hashes');
  let older = first;
  let newer = first;
  for (const hash of path) {
    if (last === 0n) malformed('too many hashes');
    if ((node & 1n) === 1n || node === last) {
      older = hashNode(hash, older);
      newer = hashNode(hash, newer);
      while ((node & 1n) === 0n && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      newer = hashNode(newer, hash);
    }
    node >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n) malformed('too few hashes');
  same(older, root1, 'the proof leads to another older root');
  same(newer, root2, 'the proof leads to another newer root');
}
