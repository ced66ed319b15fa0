// What a map can be coloured by: a figure of an overview, its step on a scale of
// five, and the scale's legend. Pure.
//
// Steps of shares are fixed, so a tile changes its colour only when its own
// figure does. Steps of sums follow the largest unit, rounded up to 1, 2 or 5
// times a power of ten, so they change seldom.
import type {Overview} from '../model/aggregate';

export const MAP_FIGURES = [
  'active',
  'quiet',
  'notReported',
  'phonesSilent',
  'neverSynced',
  'money',
  'teams',
] as const;
export type MapFigure = (typeof MAP_FIGURES)[number];

export function isMapFigure(text: string): text is MapFigure {
  return (MAP_FIGURES as readonly string[]).includes(text);
}

// Known of the model's own day only, whatever month is looked at: shares of it are
// taken of the current month's teams.
export const isNowOnly = (figure: string): boolean =>
  figure === 'phonesSilent' || figure === 'neverSynced';

export type Tone = 'cool' | 'warm';

// Cool: more is better, or neither. Warm: more needs somebody's attention.
export function toneOf(figure: MapFigure): Tone {
  return figure === 'active' || figure === 'money' || figure === 'teams' ? 'cool' : 'warm';
}

export const isShare = (figure: MapFigure): boolean => figure !== 'money' && figure !== 'teams';

// The figure's number; for a share the teams that it counts. Undefined: there is
// no team to count.
export function amountOf(figure: MapFigure, overview: Overview): number | undefined {
  if (overview.teams === 0) return undefined;
  return figure === 'money' ? Number(overview.amount) : overview[figure];
}

export interface Step {
  readonly step: 0 | 1 | 2 | 3 | 4;
  // Values in [from, to); the last step has no end.
  readonly from: number;
  readonly to: number;
}

export type Scale = readonly Step[];

const SHARE_SCALE: Scale = [
  {step: 0, from: 0, to: 20},
  {step: 1, from: 20, to: 40},
  {step: 2, from: 40, to: 60},
  {step: 3, from: 60, to: 80},
  {step: 4, from: 80, to: Infinity},
];

// The least of 1, 2, 5 times a power of ten that is at least `value`.
export function roundUp(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const factor of [1, 2, 5, 10]) {
    if (value <= factor * power) return factor * power;
  }
  return 10 * power;
}

export function scaleOf(figure: MapFigure, overviews: Iterable<Overview>): Scale {
  if (isShare(figure)) return SHARE_SCALE;
  let max = 0;
  for (const overview of overviews) max = Math.max(max, amountOf(figure, overview) ?? 0);
  const top = Math.max(5, roundUp(max));
  const edges = [0, 1, 2, 3, 4].map((i) => Math.ceil((top * i) / 5));
  return edges.map((from, i) => ({
    step: i as Step['step'],
    from,
    to: edges[i + 1] ?? Infinity,
  }));
}

// The step of an overview on the scale of its map; undefined: no team.
export function stepOf(figure: MapFigure, scale: Scale, overview: Overview): Step | undefined {
  const amount = amountOf(figure, overview);
  if (amount === undefined) return undefined;
  const value = isShare(figure) ? (amount * 100) / overview.teams : amount;
  return scale.find((step) => value < step.to) ?? scale[scale.length - 1];
}
