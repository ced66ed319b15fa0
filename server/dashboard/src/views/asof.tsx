// The past: a date field, a slider over the log's days and a position, and the
// banner that stands for as long as one looks at it. The moment is in the
// route, so every part of the page is of the same one.
import {effect, signal} from '@preact/signals';
import type {JSX} from 'preact';
import {useEffect, useRef, useState} from 'preact/hooks';
import {parseDate} from '../lib/civil';
import {count, date} from '../lib/format';
import {t} from '../lib/i18n';
import {type AtParam, go, route} from '../lib/url';
import {api} from '../live/api';
import {live} from '../live/live';
import {dayAt} from '../live/past';
import {watchOver} from '../live/transport';
import {firstDay} from './first_day';

// What the log has, to bound the fields. 0: not known yet.
interface Extent {
  firstDate: number;
  lastDate: number;
  lastPosition: bigint;
}

const extent = signal<Extent>({firstDate: 0, lastDate: 0, lastPosition: 0n});

// The slider reaches back this far while the log's first day is not known.
const DAYS_UNKNOWN = 365;
// A key held down on the slider passes over days; the page follows when it rests.
const REST_MS = 350;

export function startExtent(): void {
  effect(() => {
    const {state, localDate, position} = live.status.value;
    if (state !== 'live' || localDate === 0) return;
    const known = extent.peek();
    if (known.lastDate !== localDate || known.lastPosition !== position) {
      extent.value = {...known, lastDate: localDate, lastPosition: position};
    }
  });
  effect(() => {
    if (live.scope.value !== 0n) extent.value = {...extent.peek(), firstDate: 0};
  });
}

// Asks for what the stream did not say: the log's end when the page opened in
// the past, and the first day. Failing leaves the bounds as they are.
async function findExtent(scope: bigint, signal: AbortSignal): Promise<void> {
  if (extent.peek().lastDate === 0) {
    const status = await api.query.getStatus({}, {signal});
    extent.value = {
      ...extent.peek(),
      lastDate: status.localDate,
      lastPosition: status.nextPosition > 0n ? status.nextPosition - 1n : 0n,
    };
  }
  if (extent.peek().firstDate === 0) {
    const call = watchOver(globalThis.location.origin);
    const firstDate = await firstDay(
      (position) => dayAt(call, scope, position, signal),
      extent.peek().lastPosition,
      signal,
    );
    if (scope === live.scope.peek()) extent.value = {...extent.peek(), firstDate};
  }
}

// One search at a time, of the area that is shown.
let searching: {scope: bigint; cancel: AbortController; done: Promise<void>} | undefined;

function leaveExtent(): void {
  searching?.cancel.abort();
  searching = undefined;
}

function askExtent(): Promise<void> {
  const scope = live.scope.peek();
  if (searching?.scope === scope) return searching.done;
  leaveExtent();
  const cancel = new AbortController();
  const mine = {
    scope,
    cancel,
    done: findExtent(scope, cancel.signal).finally(() => {
      if (searching === mine) searching = undefined;
    }),
  };
  searching = mine;
  return mine.done;
}

function show(at: AtParam): void {
  const {lastDate, lastPosition} = extent.peek();
  const isNow = 'date' in at ? at.date === lastDate : at.position === lastPosition;
  go({at: isNow && !route.peek().at ? undefined : at});
}

function shownDate(): number {
  const at = route.value.at;
  if (at && 'date' in at) return at.date;
  return live.model.value.localDate || extent.value.lastDate;
}

export const asOfOpen = signal(false);

export function AsOfToggle(): JSX.Element {
  return (
    <button
      type="button"
      class="asof-toggle"
      data-test="asof-open"
      aria-expanded={asOfOpen.value}
      aria-controls="asof-panel"
      onClick={() => {
        asOfOpen.value = !asOfOpen.value;
      }}
    >
      {t('asof.open')}
    </button>
  );
}

export function AsOfPanel(): JSX.Element | null {
  const [problem, setProblem] = useState('');
  const open = asOfOpen.value;
  useEffect(() => {
    if (!open) return undefined;
    askExtent().catch(() => undefined);
    return leaveExtent;
  }, [open, live.scope.value]);
  // What was wrong with an earlier try says nothing about the moment shown now.
  useEffect(() => setProblem(''), [route.value.at]);
  if (!open) return null;
  return (
    <section id="asof-panel" class="asof-panel" aria-label={t('asof.title')}>
      <DateField onProblem={setProblem} />
      <Slider />
      <PositionField onProblem={setProblem} />
      <p class="field-error" role="alert">{problem}</p>
    </section>
  );
}

function DateField({onProblem}: {onProblem: (text: string) => void}): JSX.Element {
  const [text, setText] = useState<string | undefined>();
  const shown = shownDate();
  useEffect(() => setText(undefined), [shown]);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const days = parseDate(text ?? date(shown));
    if (extent.peek().firstDate === 0) await askExtent().catch(() => undefined);
    const {firstDate, lastDate} = extent.peek();
    if (days === undefined) {
      onProblem(t('asof.badDate'));
    } else if (lastDate > 0 && (days > lastDate || (firstDate > 0 && days < firstDate))) {
      onProblem(t('asof.outside', {first: date(firstDate), last: date(lastDate)}));
    } else {
      onProblem('');
      setText(undefined);
      show({date: days});
    }
  };
  return (
    <form class="field" onSubmit={(event) => void submit(event)}>
      <label for="asof-date">{t('asof.date')}</label>
      <span class="field-row">
        <input
          id="asof-date"
          type="text"
          inputMode="numeric"
          autocomplete="off"
          placeholder="12/10/2023"
          maxLength={10}
          data-test="asof-date"
          value={text ?? (shown > 0 ? date(shown) : '')}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" data-test="asof-date-show">{t('asof.show')}</button>
      </span>
    </form>
  );
}

function Slider(): JSX.Element {
  const {firstDate, lastDate} = extent.value;
  const shown = shownDate();
  const last = Math.max(lastDate, shown);
  const first = firstDate > 0 ? Math.min(firstDate, shown) : last - DAYS_UNKNOWN;
  const [dragged, setDragged] = useState<number | undefined>();
  const rest = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setDragged(undefined), [shown]);
  useEffect(() => () => clearTimeout(rest.current), []);
  const value = dragged ?? shown;
  const follow = (days: number): void => {
    setDragged(days);
    clearTimeout(rest.current);
    rest.current = setTimeout(() => show({date: days}), REST_MS);
  };
  return (
    <div class="field field-slider">
      <label for="asof-slider">{t('asof.slider')}</label>
      <input
        id="asof-slider"
        type="range"
        min={first}
        max={last}
        step={1}
        value={value}
        aria-valuetext={date(value)}
        data-test="asof-slider"
        onInput={(event) => follow(Number(event.currentTarget.value))}
      />
      <span class="slider-ends" aria-hidden="true">
        <span>{date(first)}</span>
        <strong>{date(value)}</strong>
        <span>{date(last)}</span>
      </span>
    </div>
  );
}

function PositionField({onProblem}: {onProblem: (text: string) => void}): JSX.Element {
  const [text, setText] = useState<string | undefined>();
  const at = route.value.at;
  const shown = at && 'position' in at ? String(at.position) : '';
  useEffect(() => setText(undefined), [shown]);
  const submit = (event: Event): void => {
    event.preventDefault();
    const digits = (text ?? shown).replace(/[.,\s]/g, '');
    const {lastPosition} = extent.value;
    const position = /^\d{1,19}$/.test(digits) ? BigInt(digits) : 0n;
    if (position === 0n || (lastPosition > 0n && position > lastPosition)) {
      onProblem(t('asof.badPosition', {last: count(lastPosition)}));
    } else {
      onProblem('');
      setText(undefined);
      show({position});
    }
  };
  return (
    <form class="field" onSubmit={submit}>
      <label for="asof-position">{t('asof.position')}</label>
      <span class="field-row">
        <input
          id="asof-position"
          type="text"
          inputMode="numeric"
          autocomplete="off"
          maxLength={26}
          data-test="asof-position"
          value={text ?? shown}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" data-test="asof-position-show">{t('asof.show')}</button>
      </span>
    </form>
  );
}

export function AsOfBanner(): JSX.Element | null {
  const at = route.value.at;
  if (!at) return null;
  const loading = live.status.value.detail === 'past-loading';
  return (
    <div class="banner banner-past" role="region" aria-label={t('state.past')} data-test="asof-banner">
      <p>
        <strong>
          {'date' in at
            ? t('asof.bannerDate', {date: date(at.date)})
            : t('asof.bannerPosition', {position: count(at.position)})}
        </strong>{' '}
        {loading && <span>{t('asof.bannerLoading')}</span>}
      </p>
      <button type="button" data-test="asof-now" onClick={() => go({at: undefined})}>
        {t('asof.now')}
      </button>
    </div>
  );
}
