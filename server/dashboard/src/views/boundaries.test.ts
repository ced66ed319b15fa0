// Goal: what an operator's GeoJSON file may be, and which of its areas is which
// unit. Method: small files written here, good ones and each kind of bad one.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {
  BoundaryError,
  type BoundaryFile,
  type BoundaryProblem,
  drawBoundaries,
  FEATURES_MAX,
  matchBoundaries,
  parseBoundaries,
  type Place,
  POINTS_MAX,
} from './boundaries';

type Json = Record<string, unknown>;

const square = (lon: number, lat: number): number[][][] => [
  [
    [lon, lat],
    [lon + 1, lat],
    [lon + 1, lat + 1],
    [lon, lat + 1],
    [lon, lat],
  ],
];
const area = (properties: Json, lon = 104, lat = 21): Json => ({
  type: 'Feature',
  properties,
  geometry: {type: 'Polygon', coordinates: square(lon, lat)},
});
const collection = (...features: unknown[]): string =>
  JSON.stringify({type: 'FeatureCollection', features});
const read = (text: string): BoundaryFile => parseBoundaries('yb.geojson', text, 1);
const place = (id: bigint, code: string, name: string): Place => ({id, code, name});

function problemOf(text: string): BoundaryProblem | 'none' {
  try {
    read(text);
    return 'none';
  } catch (error) {
    assert.ok(error instanceof BoundaryError);
    return error.problem;
  }
}

test('areas are matched by code, however the file writes it', () => {
  const file = read(
    collection(area({ma_xa: '04771'}), area({ma_xa: 4258}), area({ma_xa: 99999})),
  );
  const found = matchBoundaries(file, [
    place(1n, '04771', 'Xã Vĩnh Kiên'),
    place(2n, '04258', 'Phường Yên Thịnh'),
    place(3n, '04999', 'Xã Khác'),
  ]);
  assert.deepEqual([...found.keys()].sort(), [1n, 2n]);
});

test('the property that reaches most units is the code, not one that looks like it', () => {
  const file = read(
    collection(
      area({dan_so: 4258, code: '04771'}),
      area({dan_so: 8000, code: '04258'}),
    ),
  );
  const found = matchBoundaries(file, [place(1n, '04771', 'A'), place(2n, '04258', 'B')]);
  assert.deepEqual(found.get(1n)?.[0].properties[1], ['code', '04771']);
  assert.deepEqual(found.get(2n)?.[0].properties[1], ['code', '04258']);
});

test('without codes areas are matched by name, with or without kind and marks', () => {
  const file = read(
    collection(area({ten: 'XÃ VĨNH KIÊN'}), area({ten: 'Dai Dong'}), area({ten: 'Không có'})),
  );
  const found = matchBoundaries(file, [
    place(1n, '', 'Xã Vĩnh Kiên'.normalize('NFD')),
    place(2n, '', 'Xã Đại Đồng'),
  ]);
  assert.deepEqual([...found.keys()].sort(), [1n, 2n]);
});

test('a name that two units share is nobody’s, unless their kinds differ', () => {
  const file = read(collection(area({ten: 'Tân Hương'}), area({ten: 'Xã Mỏ'}), area({ten: 'Thị trấn Mỏ'})));
  const found = matchBoundaries(file, [
    place(1n, '', 'Xã Tân Hương'),
    place(2n, '', 'Phường Tân Hương'),
    place(3n, '', 'Xã Mỏ'),
    place(4n, '', 'Thị trấn Mỏ'),
  ]);
  assert.deepEqual([...found.keys()].sort(), [3n, 4n]);
});

test('several areas of one unit are its parts, holes included', () => {
  const file = read(
    collection(
      area({code: '1'}),
      {
        type: 'Feature',
        properties: {code: '1'},
        geometry: {type: 'MultiPolygon', coordinates: [square(105, 21), [...square(106, 21), ...square(106.2, 21.2)]]},
      },
    ),
  );
  const drawing = drawBoundaries(matchBoundaries(file, [place(7n, '1', 'X')]));
  assert.equal(drawing.outlines.length, 1);
  assert.equal(drawing.outlines[0].d.split('Z').length - 1, 4);
});

test('north is up, and nothing is drawn outside the frame', () => {
  const file = read(collection(area({code: 'S'}, 104, 20), area({code: 'N'}, 104, 22)));
  const drawing = drawBoundaries(matchBoundaries(file, [place(1n, 'S', 'S'), place(2n, 'N', 'N')]));
  const top = (d: string): number => Math.min(...[...d.matchAll(/[\d.]+ ([\d.]+)/g)].map((m) => Number(m[1])));
  const [south, north] = [1n, 2n].map((id) => drawing.outlines.find((o) => o.id === id)!.d);
  assert.ok(top(north) < top(south));
  for (const {d} of drawing.outlines) {
    for (const [, x, y] of d.matchAll(/(-?[\d.]+) (-?[\d.]+)/g)) {
      assert.ok(Number(x) >= 0 && Number(x) <= drawing.width + 0.1);
      assert.ok(Number(y) >= 0 && Number(y) <= drawing.height + 0.1);
    }
  }
});

test('a figure stands in the middle of the largest part, where it has room', () => {
  const island = {
    type: 'Feature',
    properties: {code: '1'},
    geometry: {type: 'MultiPolygon', coordinates: [square(104, 21), [[[110, 21], [110.01, 21], [110.01, 21.01], [110, 21]]]]},
  };
  const speck = {
    type: 'Feature',
    properties: {code: '2'},
    geometry: {type: 'Polygon', coordinates: [[[107, 21], [107.01, 21], [107.01, 21.01], [107, 21]]]},
  };
  const drawing = drawBoundaries(
    matchBoundaries(read(collection(island, speck)), [place(1n, '1', 'A'), place(2n, '2', 'B')]),
  );
  const [large, small] = [1n, 2n].map((id) => drawing.outlines.find((o) => o.id === id)!);
  const degree = drawing.width / 6.01;
  assert.ok(Math.abs(large.label!.x - degree / 2) < 0.2, JSON.stringify(large.label));
  assert.ok(Math.abs(large.label!.y - drawing.height / 2) < 0.2, JSON.stringify(large.label));
  assert.equal(small.label, undefined);
});

test('points and lines are passed over', () => {
  const file = read(
    collection({type: 'Feature', properties: {}, geometry: {type: 'Point', coordinates: [104, 21]}}, area({})),
  );
  assert.equal(file.features.length, 1);
});

test('each bad file is refused with its reason', () => {
  const bad: Array<[string, BoundaryProblem]> = [
    ['<html>', 'notJson'],
    ['null', 'notFeatures'],
    ['[]', 'notFeatures'],
    [JSON.stringify({type: 'Topology', objects: {}}), 'notFeatures'],
    [collection(), 'noPolygons'],
    [collection(null), 'notFeatures'],
    [collection({type: 'Feature', geometry: {type: 'Polygon', coordinates: 'x'}}), 'notFeatures'],
    [collection({type: 'Feature', geometry: {type: 'Polygon', coordinates: [[['a', 'b']]]}}), 'notFeatures'],
    [collection({type: 'Feature', geometry: {type: 'Polygon', coordinates: [[[104]]]}}), 'notFeatures'],
    [collection(area({}, 500_000, 2_300_000)), 'notDegrees'],
    [JSON.stringify({type: 'FeatureCollection', features: Array(FEATURES_MAX + 1).fill(null)}), 'tooMany'],
  ];
  for (const [text, problem] of bad) assert.equal(problemOf(text), problem, text.slice(0, 80));
});

test('a file of too many points is refused before it is drawn', () => {
  const ring = Array(POINTS_MAX / 2 + 1).fill([104, 21]);
  const feature = {type: 'Feature', properties: {}, geometry: {type: 'MultiPolygon', coordinates: [[ring], [ring]]}};
  assert.equal(problemOf(collection(feature)), 'tooMany');
});

test('a name from the file is text and never changes the page’s objects', () => {
  const file = read(
    '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"__proto__":"1","constructor":"2"},' +
      `"geometry":{"type":"Polygon","coordinates":${JSON.stringify(square(104, 21))}}}]}`,
  );
  assert.equal(matchBoundaries(file, [place(1n, '2', 'X')]).size, 1);
  assert.equal(({} as Json).polluted, undefined);
});
