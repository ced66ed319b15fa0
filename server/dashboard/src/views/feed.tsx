// What arrives, newest first. The stream keeps the newest 200 of the area.
import type {JSX} from 'preact';
import {useEffect, useRef, useState} from 'preact/hooks';
import {count, dateTime} from '../lib/format';
import {lang, t} from '../lib/i18n';
import {go, href, route} from '../lib/url';
import {live} from '../live/live';
import type {EventView, Model} from '../model/model';
import {EVENT_TYPES, groupOf, GROUPS, pick, typeName, typeWords, type EventGroup} from './event_words';
import {FEED_MAX, isOfKind, kindOf, waitingSince} from './feed_kinds';
import {PrintHead} from './print';

// A screen reader hears of new events at most this often.
const SAY_MS = 10_000;

export function FeedPage(): JSX.Element {
  const model = live.model.value;
  const kind = kindOf(route.value.filter);
  const [paused, setPaused] = useState<{model: Model; position: bigint}>();
  const past = route.value.at !== undefined;
  const frozen = past ? undefined : paused;
  const events = (frozen?.model ?? model).events.slice(0, FEED_MAX).filter((event) => isOfKind(event, kind));
  const waiting = frozen === undefined ? undefined : waitingSince(model.events, frozen.position, kind);
  return (
    <section class="feed card" aria-labelledby="feed-title">
      <PrintHead area={t('feed.title')} />
      <div class="card-head">
        <h1 id="feed-title" tabIndex={-1}>{t('feed.title')}</h1>
        <div class="feed-tools screen-only">
          <KindFilter kind={kind} />
          {!past && (
            <button
              type="button"
              data-test="feed-pause"
              aria-pressed={frozen !== undefined}
              onClick={() => setPaused(frozen === undefined ? {model, position: model.position} : undefined)}
            >
              {frozen === undefined ? t('feed.pause') : t('feed.resume')}
            </button>
          )}
        </div>
      </div>
      <p class="quiet-text" data-test="feed-waiting" role="status">
        {waiting === undefined
          ? t('feed.keeps')
          : `${t('feed.paused')}. ${t(waiting.atLeast ? 'feed.waitingMore' : 'feed.waiting', {n: count(waiting.count)})}`}
      </p>
      {frozen === undefined && !past && <News events={model.events} kind={kind} />}
      <ol class="feed-list" data-test="feed-list" aria-label={t('feed.title')}>
        {events.map((event) => (
          <Item key={String(event.position)} event={event} model={model} />
        ))}
      </ol>
      {events.length === 0 && <p>{kind === '' ? t('feed.none') : t('feed.noneKind')}</p>}
    </section>
  );
}

function KindFilter({kind}: {kind: string}): JSX.Element {
  const groups = Object.keys(GROUPS) as EventGroup[];
  return (
    <label class="field inline">
      <span class="field-label">{t('feed.kind')}</span>
      <select data-test="feed-kind" value={kind} onChange={(event) => go({filter: event.currentTarget.value}, true)}>
        <option value="">{t('feed.all')}</option>
        {groups.map((group) => (
          <optgroup key={group} label={pick(GROUPS[group], lang.value)}>
            <option value={group}>{t('feed.allOf', {group: pick(GROUPS[group], lang.value)})}</option>
            {Object.entries(EVENT_TYPES)
              .filter(([, type]) => type.group === group)
              .map(([name, type]) => (
                <option key={name} value={name}>
                  {pick(type.words, lang.value)}
                </option>
              ))}
          </optgroup>
        ))}
      </select>
    </label>
  );
}

// Says now and then how many came; the list itself would never fall silent.
function News({events, kind}: {events: readonly EventView[]; kind: string}): JSX.Element {
  const [said, setSaid] = useState('');
  const newest = useRef(events);
  newest.current = events;
  useEffect(() => {
    let heard = newest.current[0]?.position ?? 0n;
    const timer = setInterval(() => {
      const {count: came} = waitingSince(newest.current, heard, kind);
      heard = newest.current[0]?.position ?? heard;
      setSaid(came === 0 ? '' : t('feed.came', {n: count(came)}));
    }, SAY_MS);
    return () => clearInterval(timer);
  }, [kind]);
  return (
    <p class="visually-hidden" role="status">
      {said}
    </p>
  );
}

function Item({event, model}: {event: EventView; model: Model}): JSX.Element {
  const name = typeName(event.type);
  return (
    <li data-test={`feed-event-${event.position}`} data-kind={name}>
      <time>{dateTime(event.receiveTimeMs, true)}</time>
      <span class="feed-what" data-group={groupOf(name)}>
        {typeWords(name, lang.value)}
      </span>
      <span class="feed-whose">
        <Whose event={event} model={model} />
        {event.member !== 0n && <small>{t('timeline.member', {id: event.member})}</small>}
      </span>
      <small class="feed-position">{t('timeline.position', {position: count(event.position)})}</small>
    </li>
  );
}

function Whose({event, model}: {event: EventView; model: Model}): JSX.Element {
  if (event.team !== 0n) {
    const team = model.teams.get(event.team);
    if (team === undefined) return <span>{t('feed.outside', {id: event.team})}</span>;
    return <a href={href({page: 'team', team: event.team, filter: ''})}>{team.name}</a>;
  }
  if (event.organisation !== 0n) {
    return <span>{model.orgs.get(event.organisation)?.name ?? t('feed.organisation')}</span>;
  }
  return <span class="nothing">{t('feed.office')}</span>;
}
