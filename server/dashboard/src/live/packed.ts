// Rows on their way from the worker to a page: one block of bytes a table, so
// that a table of many small rows crosses in one piece.
//
// A block is a sequence of: size of key (4 bytes, big-endian), key, size of row
// (4 bytes; 0xffffffff for a row that is removed), row.
import {keyBytes, keyText, type TableChange, type TableFold} from './fold';

export interface PackedTable {
  readonly queryId: number;
  readonly cleared: boolean; // empty the table first
  readonly block: Uint8Array;
}

const REMOVED = 0xffff_ffff;

function pack(
  queryId: number,
  cleared: boolean,
  rows: ReadonlyMap<string, Uint8Array | undefined>,
): PackedTable {
  let size = 0;
  for (const [key, row] of rows) size += 8 + key.length + (row?.length ?? 0);
  const block = new Uint8Array(size);
  const view = new DataView(block.buffer);
  let at = 0;
  for (const [key, row] of rows) {
    view.setUint32(at, key.length);
    block.set(keyBytes(key), at + 4);
    at += 4 + key.length;
    view.setUint32(at, row ? row.length : REMOVED);
    if (row) block.set(row, at + 4);
    at += 4 + (row?.length ?? 0);
  }
  return {queryId, cleared, block};
}

export function packChange(change: TableChange): PackedTable {
  return pack(change.queryId, change.cleared, change.rows);
}

// A whole table, to put in the place of any other.
export function packTable(queryId: number, table: TableFold): PackedTable {
  return pack(queryId, true, table.rows);
}

// The rows of a block by keyText(), in its order. They share its memory.
export function* unpack(block: Uint8Array): Generator<[string, Uint8Array | undefined]> {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  for (let at = 0; at < block.length; ) {
    const keySize = view.getUint32(at);
    const key = keyText(block.subarray(at + 4, at + 4 + keySize));
    at += 4 + keySize;
    const rowSize = view.getUint32(at);
    at += 4;
    if (rowSize === REMOVED) {
      yield [key, undefined];
    } else {
      yield [key, block.subarray(at, at + rowSize)];
      at += rowSize;
    }
  }
}
