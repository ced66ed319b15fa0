// The map: a tile, or its real outline, for each commune of the area (for each
// village of a commune), grouped by district and coloured by a chosen figure
// that each tile also prints. Choosing a tile goes into it.
//
// The tiles are one stop of the Tab key; arrows move to the nearest tile in
// their direction, Home and End to the first and the last.
import {signal} from '@preact/signals';
import type {JSX} from 'preact';
import {useRef, useState} from 'preact/hooks';
import {count} from '../lib/format';
import {t} from '../lib/i18n';
import {href} from '../lib/url';
import {currentMonth, overview as overviewOf, type Overview} from '../model/aggregate';
import type {Model, Unit} from '../model/model';
import {BoundaryFileField, boundaryDrawing} from './boundary_file';
import type {Drawing} from './boundaries';
import {
  isMapFigure,
  isNowOnly,
  isShare,
  MAP_FIGURES,
  type MapFigure,
  type Scale,
  scaleOf,
  type Step,
  stepOf,
  toneOf,
} from './map_figures';
import {fullText, shortMoney, tileText} from './map_texts';

const STORED = 'thon.map';

function storedFigure(): MapFigure {
  try {
    const text = localStorage.getItem(STORED) ?? '';
    return isMapFigure(text) ? text : 'active';
  } catch {
    return 'active';
  }
}

const figure = signal<MapFigure>(storedFigure());
const asTiles = signal(false);

function chooseFigure(text: string): void {
  if (!isMapFigure(text)) return;
  figure.value = text;
  try {
    localStorage.setItem(STORED, text);
  } catch {
    // The choice holds for this page only.
  }
}

export interface Spot {
  unit: Unit;
  overview: Overview;
  step: Step | undefined;
}

interface Group {
  parent: Unit;
  spots: Spot[];
}

// The units that the map of `unit` shows: villages of a commune, else communes;
// grouped by their parent, groups and units in the order of their names.
function groupsOf(model: Model, unit: Unit): Array<{parent: Unit; units: Unit[]}> {
  const level = unit.level === 'commune' ? 'village' : 'commune';
  const groups: Array<{parent: Unit; units: Unit[]}> = [];
  const visit = (parent: Unit): void => {
    const children = model.children.get(parent.id) ?? [];
    const units = children.filter((child) => child.level === level);
    if (units.length > 0) groups.push({parent, units});
    for (const child of children) if (child.level !== level && child.level !== 'village') visit(child);
  };
  visit(unit);
  return groups;
}

const spotText = (chosen: MapFigure, spot: Spot): string =>
  t('map.label', {name: spot.unit.name, value: fullText(chosen, spot.overview)});

const stepClass = (chosen: MapFigure, step: Step | undefined): string =>
  step ? `${toneOf(chosen)} step-${step.step}` : 'step-none';

function Legend({chosen, scale}: {chosen: MapFigure; scale: Scale}): JSX.Element {
  const edge = (value: number): string =>
    isShare(chosen) ? `${value}` : chosen === 'money' ? shortMoney(value) : count(value);
  const unit = isShare(chosen) ? '%' : '';
  return (
    <ul class="map-legend" aria-label={t('map.legend')} data-test="map-legend">
      {scale.map((step) => (
        <li key={step.step}>
          <span class={`swatch ${stepClass(chosen, step)}`} />
          {step.to === Infinity ? `≥ ${edge(step.from)}${unit}` : `${edge(step.from)} – < ${edge(step.to)}${unit}`}
        </li>
      ))}
      <li>
        <span class="swatch step-none" />
        {t('map.noTeams')}
      </li>
    </ul>
  );
}

// The tile that an arrow key goes to: the nearest whose centre lies in its
// direction and not much aside of it, the distance aside counting double.
function nearest(tiles: readonly Element[], from: Element, dx: number, dy: number): Element | undefined {
  const centre = (e: Element): [number, number] => {
    const box = e.getBoundingClientRect();
    return [box.left + box.width / 2, box.top + box.height / 2];
  };
  const [x, y] = centre(from);
  let best: Element | undefined;
  let bestDistance = Infinity;
  for (const tile of tiles) {
    if (tile === from) continue;
    const [tx, ty] = centre(tile);
    const along = (tx - x) * dx + (ty - y) * dy;
    const aside = Math.abs((tx - x) * dy) + Math.abs((ty - y) * dx);
    if (along <= 1 || aside > 2 * along) continue;
    const distance = along + 2 * aside;
    if (distance < bestDistance) {
      bestDistance = distance;
      best = tile;
    }
  }
  return best;
}

const DIRECTIONS: Record<string, [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

function moveFocus(event: KeyboardEvent, root: Element): void {
  const tiles = [...root.querySelectorAll<SVGElement | HTMLElement>('[data-tile]')];
  const from = tiles.find((tile) => tile === document.activeElement);
  if (!from || event.ctrlKey || event.altKey || event.metaKey) return;
  const direction = DIRECTIONS[event.key];
  let to: Element | undefined;
  if (event.key === 'Home') to = tiles[0];
  else if (event.key === 'End') to = tiles[tiles.length - 1];
  else if (direction) to = nearest(tiles, from, ...direction);
  else return;
  event.preventDefault();
  (to as HTMLElement | undefined)?.focus();
}

interface PlaceProps {
  chosen: MapFigure;
  spot: Spot;
  stop: boolean; // the one that Tab reaches
  onFocus: () => void;
  onHover: (over: boolean) => void;
}

function linkProps({spot, stop, onFocus, onHover}: PlaceProps): Record<string, unknown> {
  return {
    href: href({page: 'overview', unit: spot.unit.id}),
    // In lower case: SVG elements know no other.
    tabindex: stop ? 0 : -1,
    'data-tile': '',
    'data-test': `tile-${spot.unit.id}`,
    'data-step': spot.step?.step ?? 'none',
    onFocus,
    onMouseEnter: () => onHover(true),
    onMouseLeave: () => onHover(false),
  };
}

// A tile has no room for "Thị trấn": the kind is said, not printed.
const KIND = /^(Xã|Phường|Thị trấn|Đặc khu) /;

function Tile(props: PlaceProps): JSX.Element {
  const {chosen, spot} = props;
  const kind = KIND.exec(spot.unit.name)?.[0] ?? '';
  const name = spot.unit.name.slice(kind.length);
  return (
    <li>
      <a class={`tile ${stepClass(chosen, spot.step)}`} {...linkProps(props)}>
        <span class="tile-name">
          <span class="visually-hidden">{kind}</span>
          {name}
        </span>{' '}
        <span class="tile-value">{tileText(chosen, spot.overview)}</span>
        <span class="visually-hidden"> {fullText(chosen, spot.overview)}</span>
      </a>
    </li>
  );
}

// So many tiles have room to be large.
const FEW = 60;

function Tiles(props: {groups: Group[]; root: Unit; place: (spot: Spot) => PlaceProps}): JSX.Element {
  const {groups, root, place} = props;
  const count = groups.reduce((sum, group) => sum + group.spots.length, 0);
  const single = groups.length === 1 && groups[0]!.parent.id === root.id;
  return (
    <div class={`map-groups${single ? ' single' : ''}${count < FEW ? ' few' : ''}`}>
      {groups.map((group) => (
        <div class="map-group" key={String(group.parent.id)}>
          {group.parent.id !== root.id && (
            <h3>
              <a href={href({page: 'overview', unit: group.parent.id})}>{group.parent.name}</a>
            </h3>
          )}
          {group.parent.id === root.id && !single && <h3>{t('map.others')}</h3>}
          <ul class="tiles">
            {group.spots.map((spot) => (
              <Tile key={String(spot.unit.id)} {...place(spot)} />
            ))}
          </ul>
        </div>
      ))}
    </div>
  );
}

interface OutlinesProps {
  drawing: Drawing;
  spots: Spot[];
  seen: bigint | undefined;
  place: (spot: Spot) => PlaceProps;
}

function Outlines({drawing, spots, seen, place}: OutlinesProps): JSX.Element {
  const outlines = new Map(drawing.outlines.map((outline) => [outline.id, outline]));
  // Drawn last and above the neighbours, which would cover half of its line.
  const shown = seen === undefined ? undefined : outlines.get(seen);
  return (
    <svg
      class="boundaries"
      viewBox={`-4 -4 ${drawing.width + 8} ${drawing.height + 8}`}
      role="group"
      aria-label={t('map.title')}
      data-test="map-boundaries"
    >
      {spots.map((spot) => {
        const outline = outlines.get(spot.unit.id);
        if (!outline) return null;
        const props = place(spot);
        return (
          <a
            key={String(spot.unit.id)}
            {...linkProps(props)}
            aria-label={`${tileText(props.chosen, spot.overview)} ${spotText(props.chosen, spot)}`}
          >
            <path class={stepClass(props.chosen, spot.step)} d={outline.d}>
              <title>{spot.unit.name}</title>
            </path>
            {outline.label && (
              <text
                class={`outline-value ${stepClass(props.chosen, spot.step)}`}
                x={outline.label.x}
                y={outline.label.y}
                text-anchor="middle"
                dominant-baseline="central"
              >
                {tileText(props.chosen, spot.overview)}
              </text>
            )}
          </a>
        );
      })}
      {shown && <path class="outline-seen" d={shown.d} />}
    </svg>
  );
}

function Controls({drawn}: {drawn: boolean}): JSX.Element {
  return (
    <div class="map-controls">
      <p class="field field-inline">
        <label for="map-figure">{t('map.figure')}</label>
        <select
          id="map-figure"
          data-test="map-figure"
          value={figure.value}
          onChange={(event) => chooseFigure(event.currentTarget.value)}
        >
          {MAP_FIGURES.map((name) => (
            <option key={name} value={name}>{t(`map.${name}`)}</option>
          ))}
        </select>
      </p>
      {drawn && (
        <div class="switch" role="group" aria-label={t('map.view')}>
          <button type="button" aria-pressed={!asTiles.value} data-test="map-as-boundaries" onClick={() => (asTiles.value = false)}>
            {t('map.boundaries')}
          </button>
          <button type="button" aria-pressed={asTiles.value} data-test="map-as-tiles" onClick={() => (asTiles.value = true)}>
            {t('map.tiles')}
          </button>
        </div>
      )}
    </div>
  );
}

// The same figures as a table, for those who do not see the map.
function MapTable({chosen, groups}: {chosen: MapFigure; groups: Group[]}): JSX.Element {
  return (
    <details class="screen-only" data-test="map-table">
      <summary>{t('map.table')}</summary>
      <div class="table-scroll" tabIndex={0} role="group" aria-label={t('map.table')}>
        <table class="data">
          <thead>
            <tr>
              <th scope="col">{t('overview.unit')}</th>
              <th scope="col" class="number">{t(`map.${chosen}`)}</th>
            </tr>
          </thead>
          {groups.map((group) => (
            <tbody key={String(group.parent.id)}>
              <tr>
                <th scope="rowgroup" colSpan={2}>{group.parent.name}</th>
              </tr>
              {group.spots.map((spot) => (
                <tr key={String(spot.unit.id)}>
                  <th scope="row">{spot.unit.name}</th>
                  <td class="number">{fullText(chosen, spot.overview)}</td>
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
    </details>
  );
}

export function TileMap({model, unit, month}: {model: Model; unit: Unit; month: number}): JSX.Element | null {
  const root = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState<bigint | undefined>();
  const [hovered, setHovered] = useState<bigint | undefined>();
  const chosen = figure.value;
  const of = isNowOnly(chosen) ? currentMonth(model) : month;
  const found = groupsOf(model, unit).map(({parent, units}) => ({
    parent,
    spots: units.map((u) => ({unit: u, overview: overviewOf(model, u.id, of)})),
  }));
  const scale = scaleOf(chosen, found.flatMap((g) => g.spots.map((s) => s.overview)));
  const groups: Group[] = found.map(({parent, spots}) => ({
    parent,
    spots: spots.map((s) => ({...s, step: stepOf(chosen, scale, s.overview)})),
  }));
  const spots = groups.flatMap((group) => group.spots);
  if (spots.length === 0) return null;
  const seen = hovered ?? focused;
  const current = spots.find((spot) => spot.unit.id === seen);
  const stop = spots.find((spot) => spot.unit.id === focused) ?? spots[0]!;
  const place = (spot: Spot): PlaceProps => ({
    chosen,
    spot,
    stop: spot === stop,
    onFocus: () => setFocused(spot.unit.id),
    onHover: (over) => setHovered(over ? spot.unit.id : undefined),
  });
  const drawing = boundaryDrawing(spots.map((spot) => spot.unit));
  const outlined = drawing && !asTiles.value ? new Set(drawing.outlines.map((o) => o.id)) : undefined;
  // What the file has no outline for stays a tile: no unit is out of reach.
  const tiled = groups
    .map(({parent, spots: all}) => ({parent, spots: all.filter((s) => !outlined?.has(s.unit.id))}))
    .filter((group) => group.spots.length > 0);
  return (
    <section class="card may-break map-card" aria-labelledby="map-title" data-test="map">
      <div class="card-head">
        <h2 id="map-title">{t(unit.level === 'commune' ? 'map.titleVillages' : 'map.title')}</h2>
        <Controls drawn={drawing !== undefined} />
      </div>
      <p class="print-only quiet-text">{t('map.figure')}: {t(`map.${chosen}`)}</p>
      <Legend chosen={chosen} scale={scale} />
      <p id="map-keys" class="visually-hidden">{t('map.keys')}</p>
      <div
        ref={root}
        role="group"
        aria-labelledby="map-title"
        aria-describedby="map-keys"
        onKeyDown={(event) => root.current && moveFocus(event, root.current)}
      >
        {drawing && outlined && <Outlines drawing={drawing} spots={spots} seen={seen} place={place} />}
        {tiled.length > 0 && <Tiles groups={tiled} root={unit} place={place} />}
      </div>
      <p class="map-readout" aria-hidden="true" data-test="map-readout">
        {current && spotText(chosen, current)}
      </p>
      <MapTable chosen={chosen} groups={groups} />
      <BoundaryFileField units={spots.map((spot) => spot.unit)} />
    </section>
  );
}
