// The events of a team, newest first, with what became of each.
import type {JSX} from 'preact';
import {useEffect, useLayoutEffect, useRef, useState} from 'preact/hooks';
import type {ListTeamEventsResponse, TeamEvent} from '../gen/thon/v1/query_service_pb';
import {dateOfInstant} from '../lib/civil';
import {count, date, dateTime, money, month} from '../lib/format';
import {lang, t, type TextKey} from '../lib/i18n';
import {route} from '../lib/url';
import {api, options} from '../live/api';
import {auditor} from '../live/audit';
import {live} from '../live/live';
import {EventProofPart, ProofButton} from './event_proof';
import {describe, typeWords, type Print} from './event_words';
import {Badge, type Tone} from './team_cells';
import {standingText, text} from './team_explanation';
import {failureText} from './use_read';

const PAGE = 50;
const PAGE_MAX = 500;

type Show = 'all' | 'held' | 'aside';

interface Loaded {
  readonly events: readonly TeamEvent[];
  readonly next: string; // token; empty at the end
  readonly position: bigint; // the newest page was read at
}

const NOTHING: Loaded = {events: [], next: '', position: 0n};

type ReadPage = (pageSize: number, pageToken: string) => Promise<ListTeamEventsResponse>;

// The first `wanted` events and where to go on.
export async function readFirst(wanted: number, read: ReadPage): Promise<Loaded> {
  const events: TeamEvent[] = [];
  let next = '';
  let position = 0n;
  do {
    const page = await read(Math.min(PAGE_MAX, Math.max(PAGE, wanted - events.length)), next);
    if (position === 0n) position = page.position;
    events.push(...page.events);
    next = page.nextPageToken;
  } while (next !== '' && events.length < wanted);
  return {events, next, position};
}

// A page behind those that are there. Events that both name are those that are
// there already.
export function appended(loaded: Loaded, page: ListTeamEventsResponse): Loaded {
  const known = new Set(loaded.events.map((event) => event.position));
  return {
    events: [...loaded.events, ...page.events.filter((event) => !known.has(event.position))],
    next: page.nextPageToken,
    position: loaded.position,
  };
}

interface Timeline extends Loaded {
  readonly loading: boolean;
  readonly error: string;
  more(): void;
  again(): void;
}

const GAP_MS = 1_000;

// Loads pages as they are asked for, and all of them anew, at most once a
// second, when `version` changes: what is known of an old event may change too.
function useTimeline(team: bigint, moment: string, version: number): Timeline {
  const [loaded, setLoaded] = useState<Loaded>(NOTHING);
  const [loading, setLoading] = useState(true);
  const [error, setError] = useState('');
  const [tries, setTries] = useState(0);
  const state = useRef({of: '', busy: false, wantAgain: false, loaded: NOTHING, generation: 0});
  const cancel = useRef(new AbortController());
  const of = `${team} ${moment}`;

  const read: ReadPage = (pageSize, pageToken) =>
    api.query.listTeamEvents(
      {teamId: team, pageSize, pageToken, options: options(route.peek().at, live.model.peek().position)},
      {signal: cancel.current.signal},
    );
  const load = async (task: () => Promise<Loaded>): Promise<void> => {
    const now = state.current;
    if (now.busy) return;
    now.busy = true;
    const {generation} = now;
    setLoading(true);
    try {
      const result = await task();
      if (generation !== now.generation) return;
      now.loaded = result;
      setLoaded(result);
      setError('');
    } catch (failure) {
      if (generation !== now.generation) return;
      setError(failureText(failure));
    }
    now.busy = false;
    setLoading(false);
    if (now.wantAgain) {
      now.wantAgain = false;
      setTimeout(() => generation === now.generation && refresh(), GAP_MS);
    }
  };
  const refresh = (): void => {
    if (state.current.busy) {
      state.current.wantAgain = true;
      return;
    }
    void load(() => readFirst(Math.max(PAGE, state.current.loaded.events.length), read));
  };
  useEffect(() => {
    const now = state.current;
    if (now.of !== of) {
      // Another team, or another moment: what was on its way is dropped.
      cancel.current.abort();
      cancel.current = new AbortController();
      Object.assign(now, {of, busy: false, wantAgain: false, loaded: NOTHING, generation: now.generation + 1});
      setLoaded(NOTHING);
    }
    refresh();
  }, [of, version, tries]);
  useEffect(
    () => () => {
      state.current.generation += 1;
      cancel.current.abort();
    },
    [],
  );
  const more = (): void => {
    const {loaded: now} = state.current;
    if (now.next === '') return;
    void load(async () => appended(now, await read(PAGE, now.next)));
  };
  return {...loaded, loading, error, more, again: () => setTries(tries + 1)};
}

export interface TeamTimelineProps {
  readonly team: bigint;
  readonly moment: string;
  readonly version: number;
  // Undefined where nothing can be decided.
  readonly decide: ((event: TeamEvent, seenPosition: bigint) => void) | undefined;
}

// Brings the focus to the first event of the timeline that is to be decided, else
// to its heading.
export function toNextHeld(timeline: Element | null): void {
  const next = timeline?.querySelector<HTMLElement>('[data-test^="held-decide-"]') ?? timeline?.querySelector('h2');
  next?.focus();
}

// Keeps the keyboard in the timeline when what had the focus is gone, as a
// button is after its event was decided.
function useKeptFocus(): {section: {current: HTMLElement | null}; onFocusIn(event: FocusEvent): void; onFocusOut(event: FocusEvent): void} {
  const section = useRef<HTMLElement>(null);
  const had = useRef<Element | null>(null);
  useLayoutEffect(() => {
    if (had.current === null || had.current.isConnected) return;
    had.current = null;
    if (document.activeElement === document.body) toNextHeld(section.current);
  });
  return {
    section,
    onFocusIn(event) {
      had.current = event.target as Element;
    },
    onFocusOut(event) {
      const left = event.target as Element;
      // It is asked later: an element that is being removed is still there now.
      queueMicrotask(() => {
        if (left.isConnected && had.current === left) had.current = null;
      });
    },
  };
}

const isShown = (event: TeamEvent, show: Show): boolean =>
  show === 'all' ||
  (show === 'held' ? event.standing === 'HELD' : event.standing !== 'COUNTED' && event.standing !== 'HELD');

export function TeamTimeline(props: TeamTimelineProps): JSX.Element {
  const timeline = useTimeline(props.team, props.moment, props.version);
  const [show, setShow] = useState<Show>('all');
  const end = useRef<HTMLDivElement>(null);
  const kept = useKeptFocus();
  const more = useRef(timeline.more);
  more.current = timeline.more;
  const mayLoad = timeline.next !== '' && !timeline.loading && timeline.error === '';
  useEffect(() => {
    if (!mayLoad || end.current === null) return undefined;
    // Begins a little before the end is in sight.
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) more.current();
      },
      {rootMargin: '400px'},
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [mayLoad, timeline.events.length]);
  const shown = timeline.events.filter((event) => isShown(event, show));
  return (
    <section
      ref={kept.section}
      class="card team-timeline"
      aria-labelledby="timeline-title"
      data-test="team-timeline"
      aria-busy={timeline.loading}
      onFocusIn={kept.onFocusIn}
      onFocusOut={kept.onFocusOut}
    >
      <div class="card-head">
        <h2 id="timeline-title" tabIndex={-1}>{t('timeline.title')}</h2>
        <label class="field inline screen-only">
          <span class="field-label">{t('timeline.filter')}</span>
          <select data-test="timeline-filter" value={show} onChange={(event) => setShow(event.currentTarget.value as Show)}>
            <option value="all">{t('timeline.all')}</option>
            <option value="held">{t('timeline.onlyHeld')}</option>
            <option value="aside">{t('timeline.onlyAside')}</option>
          </select>
        </label>
      </div>
      {timeline.error !== '' && (
        <p role="alert" class="field-error">
          {t('team.failed', {detail: timeline.error})}{' '}
          <button type="button" onClick={timeline.again}>
            {t('teams.retry')}
          </button>
        </p>
      )}
      {daysOf(shown).map((day) => (
        <section key={day.date} class="timeline-day">
          <h3>{date(day.date)}</h3>
          <ol>
            {day.events.map((event) => (
              <Item key={String(event.position)} event={event} seen={timeline.position} decide={props.decide} />
            ))}
          </ol>
        </section>
      ))}
      {shown.length === 0 && !timeline.loading && timeline.error === '' && (
        <p>{show === 'all' ? t('timeline.none') : t('timeline.noneKind', {n: count(timeline.events.length)})}</p>
      )}
      <div ref={end} class="timeline-end">
        {timeline.loading && <p role="status">{t('team.loading')}</p>}
        {timeline.next !== '' && timeline.error === '' && (
          // It stays while a page is loaded: whoever came to it by the keyboard
          // is still there.
          <button
            type="button"
            data-test="timeline-more"
            class="screen-only"
            aria-disabled={timeline.loading}
            onClick={() => mayLoad && timeline.more()}
          >
            {t('timeline.more')}
          </button>
        )}
        {timeline.next === '' && !timeline.loading && timeline.events.length > 0 && (
          <p class="quiet-text">{t('timeline.end')}</p>
        )}
      </div>
    </section>
  );
}

interface Day {
  readonly date: number;
  readonly events: TeamEvent[];
}

// Events by the local day of their receipt, in the order given.
export function daysOf(events: readonly TeamEvent[]): Day[] {
  const days: Day[] = [];
  for (const event of events) {
    const day = dateOfInstant(Number(event.receiveTimeMs));
    const last = days.at(-1);
    if (last !== undefined && last.date === day) {
      last.events.push(event);
    } else {
      days.push({date: day, events: [event]});
    }
  }
  return days;
}

const TONES: Readonly<Record<string, Tone>> = {COUNTED: 'good', HELD: 'warn', NOT_COUNTED: 'plain', QUARANTINED: 'bad'};
const KNOWN_QUALITY: ReadonlySet<string> = new Set(['ESTIMATED', 'SUSPECT']);

export const print = (): Print => ({lang: lang.value, count, date, month, money});

interface ItemProps {
  readonly event: TeamEvent;
  readonly seen: bigint;
  readonly decide: TeamTimelineProps['decide'];
}

function Item({event, seen, decide}: ItemProps): JSX.Element {
  const [proving, setProving] = useState(false);
  const said = describe(event.event, print());
  const received = dateOfInstant(Number(event.receiveTimeMs));
  const about = [
    event.memberId === 0n ? '' : t('timeline.member', {id: event.memberId}),
    event.date === 0 || event.date === received ? '' : t('timeline.countsOn', {date: date(event.date)}),
    KNOWN_QUALITY.has(event.timeQuality) ? t(`quality.${event.timeQuality}` as TextKey) : '',
    t('timeline.position', {position: count(event.position)}),
  ].filter((part) => part !== '');
  return (
    <li data-test={`team-event-${event.position}`} data-standing={event.standing}>
      <time>{dateTime(event.receiveTimeMs).slice(-5)}</time>
      <div class="event-body">
        <p>
          <strong>{typeWords(event.type, lang.value)}</strong> {said}
        </p>
        <p class="event-about">
          <Badge tone={TONES[event.standing] ?? 'plain'}>{standingText(event.standing)}</Badge>
          {text(event) !== '' && <span class="event-why">{text(event)}</span>}
          <span>{about.join(' · ')}</span>
        </p>
      </div>
      <div class="event-tools screen-only">
        {decide !== undefined && event.standing === 'HELD' && (
          <button
            type="button"
            data-test={`held-decide-${event.position}`}
            aria-label={t('decide.openLabel', {position: count(event.position)})}
            onClick={() => decide(event, seen)}
          >
            {t('decide.open')}
          </button>
        )}
        {auditor.value && <ProofButton position={event.position} open={proving} toggle={() => setProving(!proving)} />}
      </div>
      {proving && <EventProofPart event={event} />}
    </li>
  );
}
