// The digest of a table: the sum, modulo 2^256, of one SHA-256 a row, as
// proto/thon/v1/watch_service.proto defines it and server/watch/query_digest.h
// computes it. It does not depend on the order of the rows, and a change costs
// two hashes.
import {sha256} from '@noble/hashes/sha2';

const MASK = (1n << 256n) - 1n;

let scratch = new Uint8Array(4096);

// SHA-256(size of key; key; size of row; row) as a big-endian number; sizes in
// 4 bytes big-endian.
function rowHash(key: Uint8Array, row: Uint8Array): bigint {
  const size = 8 + key.length + row.length;
  if (scratch.length < size) scratch = new Uint8Array(size * 2);
  const view = new DataView(scratch.buffer);
  view.setUint32(0, key.length);
  scratch.set(key, 4);
  view.setUint32(4 + key.length, row.length);
  scratch.set(row, 8 + key.length);
  const hash = sha256(scratch.subarray(0, size));
  const words = new DataView(hash.buffer, hash.byteOffset, 32);
  return (
    (words.getBigUint64(0) << 192n) |
    (words.getBigUint64(8) << 128n) |
    (words.getBigUint64(16) << 64n) |
    words.getBigUint64(24)
  );
}

export class TableDigest {
  private sum = 0n;

  add(key: Uint8Array, row: Uint8Array): void {
    this.sum = (this.sum + rowHash(key, row)) & MASK;
  }

  // Takes away what add() added for the same bytes.
  remove(key: Uint8Array, row: Uint8Array): void {
    this.sum = (this.sum - rowHash(key, row)) & MASK;
  }

  clear(): void {
    this.sum = 0n;
  }

  // 32 bytes, big-endian.
  bytes(): Uint8Array {
    const bytes = new Uint8Array(32);
    const view = new DataView(bytes.buffer);
    for (let word = 0; word < 4; ++word) {
      view.setBigUint64(24 - 8 * word, BigInt.asUintN(64, this.sum >> BigInt(64 * word)));
    }
    return bytes;
  }
}

export function hex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

// One digest of several tables, for people to compare: SHA-256 over the tables'
// digests in the order of the queries, as hex.
export function overallDigest(digests: readonly Uint8Array[]): string {
  const hash = sha256.create();
  for (const digest of digests) hash.update(digest);
  return hex(hash.digest());
}
