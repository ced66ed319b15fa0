// Teams of an area: the table, the search and the filters, the call list, the
// file, the paper.
import type {JSX} from 'preact';
import {useEffect, useMemo, useRef, useState} from 'preact/hooks';
import {monthsFrom} from '../lib/civil';
import {download, toCsv} from '../lib/csv';
import {count, month as monthText} from '../lib/format';
import {lang, t} from '../lib/i18n';
import {fold} from '../lib/text';
import {go, goTyping, href, route, writeLate} from '../lib/url';
import {live} from '../live/live';
import {currentMonth, path} from '../model/aggregate';
import type {Model, Unit} from '../model/model';
import {useCalm} from './calm';
import {shownMonth} from './overview';
import {PrintHead} from './print';
import {cellCsv, cellText, columnTitle, NUMBER_COLUMNS, type CellContext} from './team_cells';
import {parseSort, TeamView} from './team_order';
import {
  CALL_COLUMNS,
  COLUMNS,
  formatFilter,
  MONEY_STATES,
  parseFilter,
  STATE_FILTERS,
  TeamLines,
  type Column,
  type Filters,
  type MoneyState,
  type StateFilter,
  type TeamLine,
} from './team_rows';
import {GridKeys, TeamsGrid, type GridPlace} from './teams_grid';
import {useContacts, useHeld} from './teams_reads';

// On paper at most so many rows; a file holds all.
const PRINTED_MAX = 2_000;

// Kept while the page shows something else, so that Back leads to the same row.
const allLines = new TeamLines();
const view = new TeamView();
// Of the last choice of lines.
const cost = {ms: 0};
const place: GridPlace & {of: string} = {active: undefined, scrollTop: 0, of: ''};

export function TeamsPage(): JSX.Element {
  const model = useCalm(live.model.value, cost);
  const here = route.value;
  const filters = parseFilter(here.filter);
  const columns: readonly Column[] = filters.calls ? CALL_COLUMNS : COLUMNS;
  // Whom to phone is a matter of today.
  const month = filters.calls ? currentMonth(model) : shownMonth(model);
  const [lines, shown] = useMemo(() => {
    const begin = performance.now();
    const all = allLines.of(model, month);
    const some = view.select(model, all, {unit: here.unit, filter: here.filter, q: here.q, sort: here.sort});
    cost.ms = performance.now() - begin;
    return [all, some];
  }, [model, month, here.unit, here.filter, here.q, here.sort]);
  const contacts = useContacts(filters.calls);
  const held = useHeld(model, lines, filters.calls);
  const context: CellContext = {today: model.localDate, month, contacts: contacts.map, held};
  const field = useRef<HTMLInputElement>(null);
  const of = `${here.unit} ${here.filter} ${here.sort} ${here.q}`;
  if (place.of !== of) Object.assign(place, {of, scrollTop: 0});

  const title = filters.calls ? t('teams.callListTitle') : t('teams.title');
  const unit = model.units.get(here.unit === 0n ? model.scope : here.unit);
  const heading = unit === undefined ? title : `${title} – ${unit.name}`;
  if (!model.ready) return <p class="teams-loading">{t('teams.loading')}</p>;
  return (
    <section class="teams" data-mode={filters.calls ? 'calls' : 'teams'} aria-labelledby="teams-title">
      <PrintHead area={heading} />
      <div class="page-head">
        <h1 id="teams-title" tabIndex={-1}>
          {heading}
        </h1>
        <p role="status" class="quiet-text" data-test="teams-count">
          {t('teams.shown', {n: count(shown.length), total: count(lines.length)})}
        </p>
      </div>
      {filters.calls && <p class="quiet-text">{t('teams.callListHint')}</p>}
      {contacts.failed && (
        <p class="teams-problem" role="alert">
          {t('teams.leadersFailed')}
          <button type="button" onClick={contacts.again}>
            {t('teams.retry')}
          </button>
        </p>
      )}
      <Toolbar
        model={model}
        filters={filters}
        month={month}
        field={field}
        toGrid={() => document.querySelector<HTMLElement>('.teams-grid')?.focus()}
        onCsv={() => download(fileName(model, unit, filters), toCsv(csvRows(shown, columns, context)))}
      />
      <TeamsGrid
        key={`${filters.calls}`}
        lines={shown}
        columns={columns}
        sort={parseSort(here.sort, columns)}
        context={context}
        label={title}
        empty={filters.calls ? t('teams.noneCalls') : t('teams.none')}
        query={of}
        place={place}
        onType={() => field.current?.focus()}
      />
      <GridKeys />
      <PrintedTeams lines={shown} columns={columns} context={context} />
    </section>
  );
}

interface ToolbarProps {
  readonly model: Model;
  readonly filters: Filters;
  readonly month: number;
  readonly field: {current: HTMLInputElement | null};
  toGrid(): void;
  onCsv(): void;
}

function Toolbar(props: ToolbarProps): JSX.Element {
  const {filters, model} = props;
  const text = route.value.q;
  useEffect(() => writeLate, []);
  const filter = (change: Partial<Filters>): void => go({filter: formatFilter({...filters, ...change})});
  const onSearchKey = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown' || event.key === 'Enter') {
      event.preventDefault();
      props.toGrid();
    } else if (event.key === 'Escape' && text !== '') {
      event.preventDefault();
      goTyping({q: ''});
    }
  };
  return (
    <div class="teams-tools screen-only" role="search" aria-label={t('teams.search')}>
      <label class="field teams-search">
        <span class="field-label">
          {t('teams.search')} <small>({t('teams.searchHint')})</small>
        </span>
        <input
          type="search"
          ref={props.field}
          data-test="teams-search"
          autocomplete="off"
          spellcheck={false}
          value={text}
          onInput={(event) => goTyping({q: event.currentTarget.value})}
          onBlur={writeLate}
          onKeyDown={onSearchKey}
        />
      </label>
      <label class="field">
        <span class="field-label">{t('teams.filter.state')}</span>
        <select
          data-test="teams-filter"
          value={filters.state ?? ''}
          onChange={(event) => filter({state: (event.currentTarget.value || undefined) as StateFilter | undefined})}
        >
          <option value="">{t('teams.filter.any')}</option>
          {STATE_FILTERS.map((state) => (
            <option key={state} value={state}>
              {t(STATE_TEXT[state])}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="field-label">{t('teams.filter.money', {month: monthText(props.month)})}</span>
        <select
          data-test="teams-filter-money"
          value={filters.money ?? ''}
          onChange={(event) => filter({money: (event.currentTarget.value || undefined) as MoneyState | undefined})}
        >
          <option value="">{t('teams.filter.any')}</option>
          {MONEY_STATES.map((state) => (
            <option key={state} value={state}>
              {t(`teams.money.${state}`)}
            </option>
          ))}
        </select>
      </label>
      <UnitFilter model={model} />
      {!filters.calls && <MonthFilter model={model} month={props.month} />}
      <div class="teams-buttons">
        <button type="button" data-test="teams-csv" onClick={props.onCsv}>
          {t('teams.csv')}
        </button>
        <a
          class="button"
          data-test="call-list"
          href={href({filter: filters.calls ? '' : formatFilter({...filters, calls: true}), sort: '', month: 0})}
        >
          {filters.calls ? t('teams.backToTable') : t('teams.callList')}
        </a>
        {(filters.state !== undefined || filters.money !== undefined || text !== '') && (
          <button
            type="button"
            data-test="teams-clear"
            onClick={() => go({q: '', filter: formatFilter({state: undefined, money: undefined, calls: filters.calls})})}
          >
            {t('teams.clear')}
          </button>
        )}
      </div>
    </div>
  );
}

const STATE_TEXT = {
  active: 'teams.state.active',
  quiet: 'teams.state.quiet',
  'not-reported': 'teams.state.notReported',
  'never-synced': 'teams.state.neverSynced',
  'phones-silent': 'teams.state.phonesSilent',
  held: 'teams.state.held',
  suspended: 'teams.state.suspended',
} as const satisfies Record<StateFilter, string>;

// The area: where one is, what is above it in the scope, what is below it.
function UnitFilter({model}: {model: Model}): JSX.Element | null {
  const at = route.value.unit === 0n ? model.scope : route.value.unit;
  const above: readonly Unit[] = path(model, at);
  const below = model.children.get(at) ?? [];
  if (above.length === 0) return null;
  return (
    <label class="field">
      <span class="field-label">{t('teams.filter.unit')}</span>
      <select
        data-test="teams-filter-unit"
        value={String(at)}
        onChange={(event) => {
          const unit = BigInt(event.currentTarget.value);
          go({unit: unit === model.scope ? 0n : unit});
        }}
      >
        {above.map((unit, depth) => (
          <option key={String(unit.id)} value={String(unit.id)}>
            {'\u00a0\u00a0'.repeat(depth) + unit.name}
          </option>
        ))}
        {below.map((unit) => (
          <option key={String(unit.id)} value={String(unit.id)}>
            {'\u00a0\u00a0'.repeat(above.length) + unit.name}
          </option>
        ))}
      </select>
    </label>
  );
}

function MonthFilter({model, month}: {model: Model; month: number}): JSX.Element {
  const current = currentMonth(model);
  const months = new Set([...monthsFrom(model.firstMonth || current, current), month]);
  return (
    <label class="field">
      <span class="field-label">{t('teams.month')}</span>
      <select
        data-test="teams-month"
        value={String(month)}
        onChange={(event) => {
          const value = Number(event.currentTarget.value);
          go({month: value === current ? 0 : value});
        }}
      >
        {[...months].sort((a, b) => b - a).map((one) => (
          <option key={one} value={String(one)}>
            {monthText(one)}
          </option>
        ))}
      </select>
    </label>
  );
}

// The file says what the table shows, in its order: a head and a row a team.
export function csvRows(lines: readonly TeamLine[], columns: readonly Column[], context: CellContext): string[][] {
  const head = columns.map((column) => (column === 'amount' ? `${columnTitle(column)} (${lang.value === 'vi' ? 'đồng' : 'VND'})` : columnTitle(column)));
  return [[...head], ...lines.map((line) => columns.map((column) => cellCsv(line, column, context)))];
}

// "thon-can-goi-yen-bai-20231012-p48213.csv": which list, of what, as of when.
function fileName(model: Model, unit: Unit | undefined, filters: Filters): string {
  const list = filters.calls ? 'can-goi' : 'cac-to';
  const area = fold(unit?.name ?? '').replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '') || 'thon';
  const day = new Date(model.localDate * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
  return `thon-${list}-${area}-${day}-p${model.position}.csv`;
}

// On paper the rows are a plain table. It is there only while the page prints.
function PrintedTeams(props: {lines: readonly TeamLine[]; columns: readonly Column[]; context: CellContext}): JSX.Element | null {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const before = (): void => setPrinting(true);
    const after = (): void => setPrinting(false);
    window.addEventListener('beforeprint', before);
    window.addEventListener('afterprint', after);
    return () => {
      window.removeEventListener('beforeprint', before);
      window.removeEventListener('afterprint', after);
    };
  }, []);
  if (!printing) return null;
  const {lines, columns, context} = props;
  const printed = lines.slice(0, PRINTED_MAX);
  return (
    <div class="print-only">
      {printed.length < lines.length && (
        <p>{t('teams.printed', {n: count(printed.length), total: count(lines.length)})}</p>
      )}
      <table class="data teams-printed" data-columns={columns.length}>
        <colgroup>
          {columns.map((column) => (
            <col key={column} class={`print-${column}`} />
          ))}
        </colgroup>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col" class={NUMBER_COLUMNS.has(column) ? 'number' : undefined}>
                {columnTitle(column)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {printed.map((line) => (
            <tr key={String(line.id)}>
              {columns.map((column) => (
                <td key={column} class={NUMBER_COLUMNS.has(column) ? 'number' : undefined}>
                  {cellText(line, column, context)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
