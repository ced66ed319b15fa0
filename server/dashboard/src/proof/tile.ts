// Tiles (c2sp.org/tlog-tiles): where a log's tree and entries lie. What
// server/core/tile.h says holds here.
import {HASH_BYTES, malformed} from './bytes';
import type {Hash} from './merkle';

export const TILE_WIDTH = 256;
const LEVEL_MAX = 63;
const INDEX_END = 1n << 64n;

export interface TileId {
  readonly entries: boolean; // a bundle of entries; then `level` is 0
  readonly level: number;
  readonly index: bigint;
  readonly width: number; // 1 to 256
}

export function tilePath({entries, level, index, width}: TileId): string {
  let groups = String(index % 1000n).padStart(3, '0');
  for (let rest = index / 1000n; rest > 0n; rest /= 1000n) groups = `x${String(rest % 1000n).padStart(3, '0')}/${groups}`;
  return `tile/${entries ? 'entries' : level}/${groups}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

// Takes exactly what tilePath() writes.
export function parseTilePath(path: string): TileId {
  const form = /^tile\/(entries|[0-9]{1,2})\/((?:x[0-9]{3}\/){0,6}[0-9]{3})(?:\.p\/([0-9]{1,3}))?$/;
  const [, kind = '', groups = '', partial] = form.exec(path) ?? malformed('not the path of a tile');
  const entries = kind === 'entries';
  const id = {
    entries,
    level: entries ? 0 : Number(kind),
    index: BigInt(groups.replace(/[x/]/g, '')),
    width: partial === undefined ? TILE_WIDTH : Number(partial),
  };
  const fits = id.level <= LEVEL_MAX && id.index < INDEX_END && id.width > 0 && id.width <= TILE_WIDTH;
  // One tile has one path.
  if (!fits || tilePath(id) !== path) malformed('not the path of a tile');
  return id;
}

// The width of a tile in a tree of `treeSize`; 0 if the tree has no such tile.
export function tileWidthAt(level: number, index: bigint, treeSize: bigint): number {
  const nodes = treeSize >> BigInt(8 * level);
  const left = nodes - index * BigInt(TILE_WIDTH);
  return left <= 0n ? 0 : Number(left < TILE_WIDTH ? left : TILE_WIDTH);
}

const checkWidth = (width: number): unknown => (width >= 1 && width <= TILE_WIDTH) || malformed(`no tile is ${width} wide`);

// The hashes of a tile that must hold `width`.
export function parseTile(bytes: Uint8Array, width: number): Hash[] {
  checkWidth(width);
  if (bytes.length !== width * HASH_BYTES) malformed(`${bytes.length} bytes are not ${width} hashes`);
  return Array.from({length: width}, (_, i) => bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES));
}

// The entries of a bundle that must hold `width`.
export function parseEntryBundle(bytes: Uint8Array, width: number): Uint8Array[] {
  checkWidth(width);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (entries.length < width) {
    if (at + 2 > bytes.length) malformed('a bundle that is too short');
    const end = at + 2 + view.getUint16(at);
    if (end > bytes.length) malformed('an entry that is cut off');
    entries.push(bytes.subarray(at + 2, end));
    at = end;
  }
  if (at !== bytes.length) malformed('bytes after the last entry');
  return entries;
}
