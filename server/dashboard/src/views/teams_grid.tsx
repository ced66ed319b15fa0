// The rows of the teams table: of 20,000 only those in sight are in the page.
//
// One stop of the Tab key. The row that the keyboard is at is the grid's active
// descendant and always in the page; it is known by its team, so that it stays
// the same when a live update puts rows into another order, and stays at its
// place on the screen.
import {elementScroll, observeElementOffset, observeElementRect, Virtualizer} from '@tanstack/virtual-core';
import type {JSX} from 'preact';
import {useLayoutEffect, useReducer, useRef, useState} from 'preact/hooks';
import {t} from '../lib/i18n';
import {go, href} from '../lib/url';
import {Cell, columnTitle, NUMBER_COLUMNS, cellText, type CellContext} from './team_cells';
import {nextSort, type Sort} from './team_order';
import type {Column, TeamLine} from './team_rows';

// More row elements than this are never in the page, however tall the window.
const ROWS_MAX = 90;
const OVERSCAN = 6;
// As in styles/teams.css.
const ROW_REM = 3.25;
const HEAD_REM = 3.6;

export interface TeamsGridProps {
  readonly lines: readonly TeamLine[];
  readonly columns: readonly Column[];
  readonly sort: Sort;
  readonly context: CellContext;
  readonly label: string;
  readonly empty: string;
  // What the lines were asked by: another question begins at its first row.
  readonly query: string;
  // Where a person was when they left the table, and where they are now.
  readonly place: GridPlace;
  // A key that begins a search.
  onType(): void;
}

export interface GridPlace {
  active: bigint | undefined;
  scrollTop: number;
}

export const rowId = (team: bigint): string => `team-row-${team}`;

const rem = (): number => parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;

// The rows from `start` to `end` and the active one, never more than ROWS_MAX.
export function rowsInPage(start: number, end: number, count: number, active: number): number[] {
  const first = Math.max(0, start - OVERSCAN);
  const last = Math.min(count - 1, end + OVERSCAN, first + ROWS_MAX - 2);
  const rows: number[] = [];
  for (let row = first; row <= last; ++row) rows.push(row);
  if (active >= 0 && active < count) {
    if (active < first) rows.unshift(active);
    if (active > last) rows.push(active);
  }
  return rows;
}

type GridVirtualizer = Virtualizer<HTMLDivElement, HTMLDivElement>;

// The virtualiser of one grid, for as long as the grid is in the page.
function useRows(props: TeamsGridProps, activeIndex: number): {scroller: {current: HTMLDivElement | null}; virtualizer: GridVirtualizer} {
  const scroller = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const active = useRef(activeIndex);
  active.current = activeIndex;
  const make = (): ConstructorParameters<typeof Virtualizer<HTMLDivElement, HTMLDivElement>>[0] => ({
    count: props.lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_REM * rem(),
    getItemKey: (index) => String(props.lines[index]?.id ?? index),
    overscan: 0,
    // The rows begin below the head, so that the last one in sight stands higher
    // by as much.
    scrollPaddingEnd: HEAD_REM * rem(),
    initialOffset: props.place.scrollTop,
    rangeExtractor: (range) => rowsInPage(range.startIndex, range.endIndex, range.count, active.current),
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => redraw(undefined as never),
  });
  const [virtualizer] = useState(() => new Virtualizer(make()));
  virtualizer.setOptions(make());
  useLayoutEffect(() => virtualizer._didMount(), []);
  useLayoutEffect(() => virtualizer._willUpdate());
  const measured = useRef(ROW_REM * rem());
  useLayoutEffect(() => {
    const again = (): void => {
      const now = ROW_REM * rem();
      if (now === measured.current) return;
      measured.current = now;
      virtualizer.measure();
    };
    window.addEventListener('resize', again);
    return () => window.removeEventListener('resize', again);
  }, []);
  return {scroller, virtualizer};
}

export function TeamsGrid(props: TeamsGridProps): JSX.Element {
  const {lines, columns, place, query} = props;
  const [chosen, setActive] = useState(place.active);
  const asked = useRef(query);
  const at = chosen === undefined ? -1 : lines.findIndex((line) => line.id === chosen);
  const anew = asked.current !== query;
  asked.current = query;
  const active = at < 0 && anew ? undefined : chosen;
  if (active !== chosen) setActive(undefined);
  place.active = active;
  const found = active === undefined ? -1 : at;
  // A row that is gone hands its place to the one that stands there now.
  const last = useRef(found);
  const moved = useRef(false); // By the keyboard, not by an update.
  const activeIndex = found >= 0 || active === undefined || lines.length === 0 ? found : Math.min(Math.max(last.current, 0), lines.length - 1);
  const {scroller, virtualizer} = useRows(props, activeIndex);

  useLayoutEffect(() => {
    const grid = scroller.current;
    const before = last.current;
    last.current = activeIndex;
    if (grid === null || before < 0 || activeIndex < 0 || before === activeIndex || moved.current) {
      moved.current = false;
      return;
    }
    if (found < 0) {
      setActive(lines[activeIndex]?.id);
      return;
    }
    // It was reordered under a person's eyes: follow it, if they are with it.
    const height = ROW_REM * rem();
    const at = before * height - grid.scrollTop;
    const seen = at > -height && at < grid.clientHeight;
    if (seen && grid.contains(document.activeElement)) grid.scrollTop += (activeIndex - before) * height;
  });

  const first = useRef(true);
  useLayoutEffect(() => {
    if (first.current) {
      first.current = false;
    } else if (activeIndex >= 0) {
      virtualizer.scrollToIndex(activeIndex, {align: 'auto'});
    } else {
      virtualizer.scrollToOffset(0);
    }
  }, [query]);

  const moveTo = (index: number): void => {
    if (lines.length === 0) return;
    const to = Math.min(Math.max(index, 0), lines.length - 1);
    moved.current = true;
    setActive(lines[to]?.id);
    virtualizer.scrollToIndex(to, {align: 'auto'});
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.target !== scroller.current) return;
    const step = moveOf(event, activeIndex, lines.length, pageOf(scroller.current));
    if (step !== undefined) {
      event.preventDefault();
      moveTo(step);
    } else if (event.key === 'Enter' && activeIndex >= 0) {
      event.preventDefault();
      const line = lines[activeIndex];
      if (line !== undefined) go({page: 'team', team: line.id});
    } else if (isTyping(event)) {
      props.onType();
    }
  };
  const items = virtualizer.getVirtualItems();
  const activeLine = lines[activeIndex];
  return (
    <div
      class="teams-grid"
      role="grid"
      tabIndex={0}
      ref={scroller}
      data-test="teams-table"
      aria-label={props.label}
      aria-rowcount={lines.length + 1}
      aria-colcount={columns.length}
      aria-describedby="teams-keys"
      aria-activedescendant={activeLine === undefined ? undefined : rowId(activeLine.id)}
      onKeyDown={onKeyDown}
      onFocus={() => {
        if (active === undefined && lines.length > 0) setActive(lines[Math.max(0, virtualizer.range?.startIndex ?? 0)]?.id);
      }}
      onScroll={() => {
        place.scrollTop = scroller.current?.scrollTop ?? 0;
      }}
    >
      <Head columns={columns} sort={props.sort} />
      <div role="rowgroup" class="teams-body" style={{height: `${virtualizer.getTotalSize()}px`}}>
        {items.map((item) => {
          const line = lines[item.index];
          return (
            line && (
              <Row
                key={String(line.id)}
                line={line}
                index={item.index}
                top={item.start}
                active={item.index === activeIndex}
                columns={columns}
                context={props.context}
              />
            )
          );
        })}
        {lines.length === 0 && <EmptyRow columns={columns.length} text={props.empty} />}
      </div>
    </div>
  );
}

// How many rows a page of the keyboard moves: those in sight less one.
function pageOf(grid: HTMLDivElement | null): number {
  const rows = Math.floor(((grid?.clientHeight ?? 0) / rem() - HEAD_REM) / ROW_REM);
  return Math.max(1, rows - 1);
}

// Where a key leads to; undefined if it is no movement.
export function moveOf(
  event: Pick<KeyboardEvent, 'key' | 'altKey' | 'metaKey'>,
  at: number,
  count: number,
  page: number,
): number | undefined {
  if (event.altKey || event.metaKey) return undefined;
  switch (event.key) {
    case 'ArrowDown':
      return at + 1;
    case 'ArrowUp':
      return Math.max(at - 1, 0);
    case 'PageDown':
      return at + page;
    case 'PageUp':
      return Math.max(at - page, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}

// A letter, or the first key of an input method that composes one.
export function isTyping(event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey'>): boolean {
  if (event.ctrlKey || event.altKey || event.metaKey) return false;
  return event.key === 'Process' || event.key === 'Unidentified' || (event.key.length === 1 && event.key !== ' ');
}

function Head({columns, sort}: {columns: readonly Column[]; sort: Sort}): JSX.Element {
  return (
    <div role="rowgroup" class="teams-head">
      <div role="row" class="teams-row" aria-rowindex={1} data-columns={columns.length}>
        {columns.map((column, index) => {
          const sorted = sort.column === column;
          const sortable = column !== 'who';
          return (
            <div
              key={column}
              role="columnheader"
              aria-colindex={index + 1}
              aria-sort={sorted ? (sort.descending ? 'descending' : 'ascending') : sortable ? 'none' : undefined}
              class={NUMBER_COLUMNS.has(column) ? 'number' : undefined}
            >
              {sortable ? (
                <button
                  type="button"
                  class="sort"
                  data-test={`teams-sort-${column}`}
                  onClick={() => go({sort: nextSort(sort, column)}, true)}
                >
                  {columnTitle(column)}
                  <span class="arrow" aria-hidden="true">
                    {sorted ? (sort.descending ? '▼' : '▲') : ''}
                  </span>
                </button>
              ) : (
                <span class="sort">{columnTitle(column)}</span>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}

interface RowProps {
  readonly line: TeamLine;
  readonly index: number;
  readonly top: number;
  readonly active: boolean;
  readonly columns: readonly Column[];
  readonly context: CellContext;
}

function Row({line, index, top, active, columns, context}: RowProps): JSX.Element {
  const target = {page: 'team', team: line.id} as const;
  return (
    <div
      role="row"
      id={rowId(line.id)}
      class="teams-row"
      data-test={rowId(line.id)}
      data-columns={columns.length}
      aria-rowindex={index + 2}
      aria-selected={active}
      style={{transform: `translateY(${top}px)`}}
      onClick={(event) => {
        // The link itself, and whoever marks text to copy it, need no help.
        if (event.defaultPrevented || (event.target as Element).closest('a') !== null) return;
        if ((getSelection()?.toString() ?? '') === '') go(target);
      }}
    >
      {columns.map((column, at) =>
        column === 'name' ? (
          <div key={column} role="rowheader" aria-colindex={at + 1} class="name">
            <a href={href(target)} tabIndex={-1}>
              {line.name}
            </a>
          </div>
        ) : (
          <div
            key={column}
            role="gridcell"
            aria-colindex={at + 1}
            class={NUMBER_COLUMNS.has(column) ? 'number' : undefined}
            title={column === 'why' || column === 'place' || column === 'state' ? cellText(line, column, context) : undefined}
          >
            <Cell line={line} column={column} context={context} />
          </div>
        ),
      )}
    </div>
  );
}

function EmptyRow({columns, text}: {columns: number; text: string}): JSX.Element {
  return (
    <div role="row" class="teams-empty" aria-rowindex={2}>
      <div role="gridcell" aria-colspan={columns}>
        {text}
      </div>
    </div>
  );
}

// The keys that the table knows, for whoever hears the page.
export function GridKeys(): JSX.Element {
  return (
    <p id="teams-keys" class="quiet-text screen-only">
      {t('teams.keys')}
    </p>
  );
}
