// The GeoJSON file that an operator may load for the map: read, checked, matched,
// kept in this browser, and removed again.
import {signal} from '@preact/signals';
import type {JSX} from 'preact';
import {t} from '../lib/i18n';
import type {Unit} from '../model/model';
import {
  BoundaryError,
  type BoundaryFile,
  type BoundaryProblem,
  drawBoundaries,
  type Drawing,
  FILE_BYTES_MAX,
  matchBoundaries,
  parseBoundaries,
} from './boundaries';
import {keepBoundaries, loadBoundaries, removeBoundaries} from './boundary_store';

const file = signal<BoundaryFile | undefined>(undefined);
const kept = signal(true);
const problem = signal<BoundaryProblem | undefined>(undefined);

// Names of units without a boundary that are listed; the rest are counted.
const MISSING_SHOWN = 12;

export async function startBoundaries(): Promise<void> {
  file.value = await loadBoundaries();
}

// The last drawing: matching and projecting again at each step of the stream
// would be work for nothing, as units seldom change.
let cached: {file: BoundaryFile; key: string; drawing: Drawing | undefined} | undefined;

// The outlines of `units` by the loaded file; undefined if it has none of them.
export function boundaryDrawing(units: readonly Unit[]): Drawing | undefined {
  const loaded = file.value;
  if (!loaded) return undefined;
  const key = units.map((u) => `${u.id}/${u.code}/${u.name}`).join('\n');
  if (cached?.file !== loaded || cached.key !== key) {
    const matches = matchBoundaries(loaded, units);
    cached = {file: loaded, key, drawing: matches.size > 0 ? drawBoundaries(matches) : undefined};
  }
  return cached.drawing;
}

async function readFile(chosen: File, units: readonly Unit[]): Promise<void> {
  if (chosen.size > FILE_BYTES_MAX) throw new BoundaryError('tooLarge');
  const parsed = parseBoundaries(chosen.name, await chosen.text(), Date.now());
  if (matchBoundaries(parsed, units).size === 0) throw new BoundaryError('noMatch');
  file.value = parsed;
  kept.value = await keepBoundaries(parsed);
}

async function choose(input: HTMLInputElement, units: readonly Unit[]): Promise<void> {
  const chosen = input.files?.[0];
  if (!chosen) return;
  problem.value = undefined;
  try {
    await readFile(chosen, units);
  } catch (error) {
    problem.value = error instanceof BoundaryError ? error.problem : 'notJson';
  }
  // The same file may be chosen again after it was mended.
  input.value = '';
}

async function remove(): Promise<void> {
  file.value = undefined;
  problem.value = undefined;
  await removeBoundaries();
}

function Loaded({units, loaded}: {units: readonly Unit[]; loaded: BoundaryFile}): JSX.Element {
  const drawn = new Set(boundaryDrawing(units)?.outlines.map((outline) => outline.id));
  const missing = units.filter((unit) => !drawn.has(unit.id)).map((unit) => unit.name);
  const names = missing.slice(0, MISSING_SHOWN).join(', ');
  const more = missing.length > MISSING_SHOWN ? `, … (${missing.length})` : '';
  return (
    <div class="field-row">
      <span data-test="map-file-kept">
        {t('map.fileKept', {file: loaded.name, n: drawn.size, total: units.length})}
      </span>
      <button type="button" data-test="map-file-remove" onClick={() => void remove()}>
        {t('map.fileRemove')}
      </button>
      {missing.length > 0 && <p class="quiet-text">{t('map.fileMissing', {names: names + more})}</p>}
      {!kept.value && <p class="field-error">{t('map.fileNotKept')}</p>}
    </div>
  );
}

export function BoundaryFileField({units}: {units: readonly Unit[]}): JSX.Element {
  const loaded = file.value;
  return (
    <details class="boundary-file" open={problem.value !== undefined || undefined} data-test="map-file-panel">
      <summary>{t('map.file')}</summary>
      <p class="quiet-text" id="map-file-hint">{t('map.fileHint')}</p>
      <div class="field-row">
        <input
          id="map-file"
          type="file"
          class="visually-hidden"
          accept=".geojson,.json,application/geo+json,application/json"
          aria-describedby="map-file-hint"
          data-test="map-file"
          onChange={(event) => void choose(event.currentTarget, units)}
        />
        <label for="map-file" class="button">{t('map.fileChoose')}</label>
      </div>
      <p class="field-error" role="alert" data-test="map-file-error">
        {problem.value && t(`map.file.${problem.value}`)}
      </p>
      {loaded && <Loaded units={units} loaded={loaded} />}
    </details>
  );
}
