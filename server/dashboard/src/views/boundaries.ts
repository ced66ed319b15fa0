// Boundaries of units from a GeoJSON file that an operator chose: checked,
// matched with the units by code or by name, and turned into SVG paths.
//
// Pure. The file is untrusted: its size is bounded before it is read (see
// FILE_BYTES_MAX), its counts while it is read, and nothing in it is ever
// markup. Coordinates are longitude and latitude (WGS 84, RFC 7946).
import { fold } from '../lib/text';

export const FILE_BYTES_MAX = 16 * 1024 * 1024;
export const FEATURES_MAX = 20_000;
export const POINTS_MAX = 1_000_000;
const PROPERTIES_MAX = 40;
const PROPERTY_CHARS_MAX = 100;

export type BoundaryProblem =
  | 'tooLarge'
  | 'notJson'
  | 'notFeatures'
  | 'noPolygons'
  | 'tooMany'
  | 'notDegrees'
  | 'noMatch';

// What is wrong with a file; the words for people are in texts_overview.ts.
export class BoundaryError extends Error {
  constructor(readonly problem: BoundaryProblem) {
    super(problem);
  }
}

// A ring as [longitude, latitude, longitude, latitude, ...].
export type Ring = number[];

export interface Feature {
  // Texts and numbers of the feature's properties, by name.
  properties: Array<[string, string]>;
  rings: Ring[];
}

export interface BoundaryFile {
  name: string;
  loadedMs: number;
  features: Feature[];
}

// A unit as matching needs it.
export interface Place {
  id: bigint;
  code: string;
  name: string;
}

export interface Outline {
  id: bigint;
  // For <path d>.
  d: string;
  // The centre of its largest part, if a figure has room there.
  label: { x: number; y: number } | undefined;
}

export interface Drawing {
  width: number;
  height: number;
  outlines: Outline[];
}

const isObject = (v: unknown): v is Record<string, unknown> =>
  typeof v === 'object' && v !== null && !Array.isArray(v);

class PointBudget {
  private left = POINTS_MAX;

  take(n: number): void {
    this.left -= n;
    if (this.left < 0) throw new BoundaryError('tooMany');
  }
}

function readRing(value: unknown, budget: PointBudget): Ring {
  if (!Array.isArray(value)) throw new BoundaryError('notFeatures');
  budget.take(value.length);
  const ring: Ring = [];
  for (const point of value) {
    if (!Array.isArray(point)) throw new BoundaryError('notFeatures');
    const [lon, lat] = point as unknown[];
    if (typeof lon !== 'number' || typeof lat !== 'number') throw new BoundaryError('notFeatures');
    if (!(Math.abs(lon) <= 180 && Math.abs(lat) <= 90)) throw new BoundaryError('notDegrees');
    ring.push(lon, lat);
  }
  return ring;
}

function readPolygon(value: unknown, budget: PointBudget): Ring[] {
  if (!Array.isArray(value)) throw new BoundaryError('notFeatures');
  return value.map((ring) => readRing(ring, budget)).filter((ring) => ring.length >= 6);
}

function readRings(geometry: unknown, budget: PointBudget): Ring[] {
  if (!isObject(geometry)) return [];
  if (geometry.type === 'Polygon') return readPolygon(geometry.coordinates, budget);
  if (geometry.type !== 'MultiPolygon') return [];
  if (!Array.isArray(geometry.coordinates)) throw new BoundaryError('notFeatures');
  return geometry.coordinates.flatMap((polygon) => readPolygon(polygon, budget));
}

function readProperties(value: unknown): Array<[string, string]> {
  if (!isObject(value)) return [];
  const properties: Array<[string, string]> = [];
  for (const [name, v] of Object.entries(value)) {
    if (properties.length === PROPERTIES_MAX) break;
    if (typeof v !== 'string' && typeof v !== 'number') continue;
    const text = String(v).normalize('NFC').trim();
    if (text !== '' && text.length <= PROPERTY_CHARS_MAX && name.length <= PROPERTY_CHARS_MAX) {
      properties.push([name, text]);
    }
  }
  return properties;
}

// Reads the text of a GeoJSON file. Throws BoundaryError. Features without an
// area (points, lines) are passed over; a file with nothing else is refused.
export function parseBoundaries(name: string, text: string, nowMs: number): BoundaryFile {
  let root: unknown;
  try {
    root = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw new BoundaryError('notJson');
  }
  if (!isObject(root) || root.type !== 'FeatureCollection' || !Array.isArray(root.features)) {
    throw new BoundaryError('notFeatures');
  }
  if (root.features.length > FEATURES_MAX) throw new BoundaryError('tooMany');
  const budget = new PointBudget();
  const features: Feature[] = [];
  for (const feature of root.features as unknown[]) {
    if (!isObject(feature) || feature.type !== 'Feature') throw new BoundaryError('notFeatures');
    const rings = readRings(feature.geometry, budget);
    if (rings.length > 0) features.push({ properties: readProperties(feature.properties), rings });
  }
  if (features.length === 0) throw new BoundaryError('noPolygons');
  return { name: name.slice(0, 200), loadedMs: nowMs, features };
}

// Files write a code as text or as a number, so leading zeros do not count.
const plainCode = (code: string): string => code.replace(/^0+(?=\d)/, '').toLowerCase();

const KIND_WORDS =
  /^(tinh|thanh pho|huyen|quan|thi xa|xa|phuong|thi tran|dac khu|thon|ban|to dan pho|ap|khu pho|khu vuc)\s+/;

const plainName = (name: string): string => fold(name).replace(/\s+/g, ' ').trim();
const bareName = (name: string): string => plainName(name).replace(KIND_WORDS, '');

// Keys that name exactly one place.
function uniqueKeys(places: readonly Place[], key: (p: Place) => string): Map<string, bigint> {
  const found = new Map<string, bigint>();
  const twice = new Set<string>();
  for (const place of places) {
    const k = key(place);
    if (k === '') continue;
    if (found.has(k)) twice.add(k);
    found.set(k, place.id);
  }
  for (const k of twice) found.delete(k);
  return found;
}

// Which property of the features names the places, judged by how many places it
// reaches: a file's property names are its maker's choice, and a number such as
// a population may look like somebody's code.
function bestMatch(
  features: readonly Feature[],
  keys: ReadonlyMap<string, bigint>,
  normal: (value: string) => string,
): Map<bigint, Feature[]> {
  const byProperty = new Map<string, Map<bigint, Feature[]>>();
  for (const feature of features) {
    for (const [name, value] of feature.properties) {
      const id = keys.get(normal(value));
      if (id === undefined) continue;
      const matches = byProperty.get(name) ?? new Map<bigint, Feature[]>();
      byProperty.set(name, matches);
      matches.set(id, [...(matches.get(id) ?? []), feature]);
    }
  }
  let best = new Map<bigint, Feature[]>();
  for (const matches of byProperty.values()) {
    if (matches.size > best.size) best = matches;
  }
  return best;
}

// The features of each place: by code, then, for places that no code reached, by
// full name, then by name without its kind; a name that two places share is
// nobody's. Several features of one place are its parts.
export function matchBoundaries(
  file: BoundaryFile,
  places: readonly Place[],
): Map<bigint, Feature[]> {
  const result = new Map<bigint, Feature[]>();
  const used = new Set<Feature>();
  const rounds: Array<[(p: Place) => string, (value: string) => string]> = [
    [(p) => plainCode(p.code), plainCode],
    [(p) => plainName(p.name), plainName],
    [(p) => bareName(p.name), bareName],
  ];
  for (const [ofPlace, ofValue] of rounds) {
    const open = places.filter((p) => !result.has(p.id));
    const keys = uniqueKeys(open, ofPlace);
    const free = file.features.filter((f) => !used.has(f));
    for (const [id, features] of bestMatch(free, keys, ofValue)) {
      result.set(id, features);
      for (const f of features) used.add(f);
    }
  }
  return result;
}

const DRAWING_WIDTH = 1000;
const DRAWING_HEIGHT_MAX = 1000;

// A ring in tenths of a drawing unit; points that fall on the one before are left
// out, which is all the simplification a screen needs.
function projected(ring: Ring, x: (lon: number) => number, y: (lat: number) => number): Ring {
  const points: Ring = [];
  for (let i = 0; i < ring.length; i += 2) {
    const px = Math.round(x(ring[i]!) * 10) / 10;
    const py = Math.round(y(ring[i + 1]!) * 10) / 10;
    if (points.at(-2) === px && points.at(-1) === py) continue;
    points.push(px, py);
  }
  return points;
}

function pathOf(ring: Ring): string {
  let d = '';
  for (let i = 0; i < ring.length; i += 2) d += `${i === 0 ? 'M' : 'L'}${ring[i]} ${ring[i + 1]}`;
  return d + 'Z';
}

// What a figure such as "100%" needs, in drawing units.
const LABEL_WIDTH = 44;
const LABEL_HEIGHT = 24;

// The centre of gravity of the ring that has the largest area, by the shoelace
// formula; undefined if the ring's frame is too small for a figure.
function labelOf(rings: readonly Ring[]): { x: number; y: number } | undefined {
  let best: { x: number; y: number } | undefined;
  let bestArea = 0;
  for (const ring of rings) {
    let area = 0;
    let x = 0;
    let y = 0;
    let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
    for (let i = 0; i < ring.length; i += 2) {
      const j = (i + 2) % ring.length;
      const [ax, ay, bx, by] = [ring[i]!, ring[i + 1]!, ring[j]!, ring[j + 1]!];
      const cross = ax * by - bx * ay;
      area += cross;
      x += (ax + bx) * cross;
      y += (ay + by) * cross;
      [left, right] = [Math.min(left, ax), Math.max(right, ax)];
      [top, bottom] = [Math.min(top, ay), Math.max(bottom, ay)];
    }
    if (Math.abs(area) <= bestArea) continue;
    bestArea = Math.abs(area);
    const fits = right - left >= LABEL_WIDTH && bottom - top >= LABEL_HEIGHT;
    best = fits ? { x: x / (3 * area), y: y / (3 * area) } : undefined;
  }
  return best;
}

// Draws matched features in a plane where a degree of longitude is as wide as it
// is at the middle of the area (a province is small enough for that).
export function drawBoundaries(matches: ReadonlyMap<bigint, readonly Feature[]>): Drawing {
  let west = 180;
  let east = -180;
  let south = 90;
  let north = -90;
  for (const features of matches.values()) {
    for (const feature of features) {
      for (const ring of feature.rings) {
        for (let i = 0; i < ring.length; i += 2) {
          west = Math.min(west, ring[i]!);
          east = Math.max(east, ring[i]!);
          south = Math.min(south, ring[i + 1]!);
          north = Math.max(north, ring[i + 1]!);
        }
      }
    }
  }
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const wide = Math.max((east - west) * squeeze, 1e-9);
  const high = Math.max(north - south, 1e-9);
  const scale = Math.min(DRAWING_WIDTH / wide, DRAWING_HEIGHT_MAX / high);
  const x = (lon: number): number => (lon - west) * squeeze * scale;
  const y = (lat: number): number => (north - lat) * scale;
  const outlines: Outline[] = [];
  for (const [id, features] of matches) {
    const rings = features.flatMap((f) => f.rings.map((ring) => projected(ring, x, y)));
    outlines.push({ id, d: rings.map(pathOf).join(''), label: labelOf(rings) });
  }
  return { width: wide * scale, height: high * scale, outlines };
}
