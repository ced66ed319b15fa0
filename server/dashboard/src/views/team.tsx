// A team: who it is, its phones, its months with the reasons behind the money,
// its events; and the decisions of what is held.
import type {JSX} from 'preact';
import {useRef, useState} from 'preact/hooks';
import {UnitLevel} from '../gen/thon/v1/event_pb';
import type {ExplainedEvent} from '../gen/thon/v1/policy_pb';
import type {GetTeamResponse, TeamEvent} from '../gen/thon/v1/query_service_pb';
import type {TeamRow} from '../gen/thon/v1/rows_pb';
import {count, date, month as monthText} from '../lib/format';
import {lang, t} from '../lib/i18n';
import {href, route, type AtParam} from '../lib/url';
import {api, options} from '../live/api';
import {live} from '../live/live';
import type {Model} from '../model/model';
import {mayDecide, type HeldTarget} from './decision';
import {describe, typeWords} from './event_words';
import {HeldDecision} from './held_decision';
import {PrintHead} from './print';
import type {DecideHere} from './team_explanation';
import {TeamMembers} from './team_members';
import {TeamMonths} from './team_months';
import {TeamPhones} from './team_phones';
import {print, TeamTimeline, toNextHeld} from './team_timeline';
import {failureText, isDenied, useRead} from './use_read';

export function momentOf(at: AtParam | undefined): string {
  if (at === undefined) return 'now';
  return 'date' in at ? `d${at.date}` : `p${at.position}`;
}

// Counts how often the stream changed anything about the team: what was read of
// it by a call is then read again.
function useTeamVersion(model: Model, team: bigint): number {
  const latest = model.events.find((event) => event.team === team)?.position ?? 0n;
  const now = [
    model.teams.get(team),
    model.months.get(team),
    model.determinations.get(team),
    model.phones.get(team),
    model.units,
    latest,
  ];
  const seen = useRef({now, version: 0});
  if (now.some((part, index) => part !== seen.current.now[index])) {
    seen.current = {now, version: seen.current.version + 1};
  }
  return seen.current.version;
}

interface Deciding {
  readonly target: HeldTarget;
  readonly seenPosition: bigint;
  readonly label: string;
}

export function TeamPage(): JSX.Element {
  const {team, at} = route.value;
  // A page of its own for each team and moment: nothing is carried over.
  return <TeamOf key={`${team} ${momentOf(at)}`} team={team} at={at} />;
}

function TeamOf({team, at}: {team: bigint; at: AtParam | undefined}): JSX.Element {
  const model = live.model.value;
  const moment = momentOf(at);
  const [decisions, setDecisions] = useState(0);
  const [deciding, setDeciding] = useState<Deciding>();
  // A decision is answered when the rows hold it: what is read after it shows it.
  const version = useTeamVersion(model, team) + decisions;
  const read = useRead(`${team} ${moment}`, version, (signal) =>
    api.query.getTeam({teamId: team, options: options(at, live.model.peek().position)}, {signal}),
  );
  const answer = read.value;
  if (answer?.team === undefined) {
    return (
      <section class="team" aria-busy={read.loading}>
        <BackLink />
        {read.error === undefined ? (
          <p role="status">{t('team.loading')}</p>
        ) : (
          <Failed error={read.error} again={read.again} />
        )}
      </section>
    );
  }
  const mayHere = at === undefined && mayDecide(live.viewer.value, answer.path);
  const ofEvent = (event: TeamEvent | ExplainedEvent, claimedDate: number, said: string, seenPosition: bigint): void =>
    setDeciding({
      target: {kind: 'event', team, author: event.author, sequence: event.sequence, position: event.position, claimedDate},
      seenPosition,
      label: [typeWords(event.type, lang.value), said, event.date === 0 ? '' : date(event.date), t('timeline.position', {position: count(event.position)})]
        .filter((part) => part !== '')
        .join(' · '),
    });
  const decide: DecideHere | undefined = mayHere
    ? {
        event: (event, seen) => ofEvent(event, 0, lang.value === 'vi' ? event.textVi : event.textEn, seen),
        month: (policyId, month, seenPosition) =>
          setDeciding({
            target: {kind: 'month', team, policyId, month},
            seenPosition,
            label: `${answer.team?.name ?? ''} · ${policyId} · ${monthText(month)}`,
          }),
      }
    : undefined;
  return (
    <article class="team" aria-labelledby="team-title">
      <PrintHead area={answer.team.name} />
      <TeamHead answer={answer} team={answer.team} model={model} />
      {read.error !== undefined && <Failed error={read.error} again={read.again} shown />}
      <div class="team-columns">
        <div class="team-main">
          <TeamMonths
            model={model}
            team={team}
            unit={answer.path.at(-1)?.unitId ?? 0n}
            foundedDate={answer.team.foundedDate}
            moment={moment}
            version={version}
            decide={decide}
          />
          <TeamTimeline
            team={team}
            moment={moment}
            version={version}
            decide={
              mayHere
                ? (event, seen) => ofEvent(event, event.event?.claimedDate ?? 0, describe(event.event, print()), seen)
                : undefined
            }
          />
        </div>
        <div class="team-side">
          <TeamMembers team={answer.team} today={model.localDate} />
          <TeamPhones answer={answer} today={model.localDate} />
        </div>
      </div>
      {deciding !== undefined && (
        <HeldDecision
          key={JSON.stringify([deciding.label, String(deciding.seenPosition)])}
          {...deciding}
          onDecided={() => setDecisions((n) => n + 1)}
          onClose={() => {
            setDeciding(undefined);
            requestAnimationFrame(keepFocus);
          }}
        />
      )}
    </article>
  );
}

// What opened the dialogue may be gone with what was held.
function keepFocus(): void {
  if (document.activeElement === document.body) toNextHeld(document.querySelector('.team-timeline'));
}

function BackLink(): JSX.Element {
  return (
    <p class="screen-only">
      <a href={href({page: 'teams', team: 0n})}>‹ {t('team.back')}</a>
    </p>
  );
}

function Failed({error, again, shown}: {error: unknown; again: () => void; shown?: boolean}): JSX.Element {
  return (
    <div role="alert" class="teams-problem">
      <p>
        {isDenied(error) ? t('team.notFound') : t('team.failed', {detail: failureText(error)})}
        {shown === true && ` ${t('team.stillShown')}`}
      </p>
      <button type="button" onClick={again}>
        {t('teams.retry')}
      </button>
    </div>
  );
}

function levelText(level: UnitLevel): string {
  if (level === UnitLevel.VILLAGE) return t('team.level.village');
  return level === UnitLevel.COMMUNE ? t('team.level.commune') : t('team.level.other');
}

function TeamHead({answer, team, model}: {answer: GetTeamResponse; team: TeamRow; model: Model}): JSX.Element {
  // Units above the area that the page shows have the newest name they have.
  const path = answer.path.map((unit) => ({
    id: unit.unitId,
    name: model.units.get(unit.unitId)?.name ?? unit.names.at(-1)?.name ?? String(unit.unitId),
  }));
  return (
    <header class="team-head">
      <BackLink />
      <h1 id="team-title" tabIndex={-1} data-test="team-title">
        {team.name}
      </h1>
      <p class="team-path print-only">
        {path.reverse().map((unit, index) => (
          <span key={String(unit.id)}>
            {index > 0 && ', '}
            {model.units.has(unit.id) ? (
              <a href={href({page: 'teams', team: 0n, unit: unit.id === model.scope ? 0n : unit.id})}>{unit.name}</a>
            ) : (
              unit.name
            )}
          </span>
        ))}
      </p>
      <dl class="facts">
        <Fact name={t('team.kind')} value={`${levelText(team.level)}${team.pilot ? `, ${t('team.pilot')}` : ''}`} />
        <Fact name={t('team.founded')} value={date(team.foundedDate)} />
        {team.endedDate !== 0 && <Fact name={t('team.ended')} value={date(team.endedDate)} />}
        {team.suspensions.length > 0 && (
          <Fact
            name={t('team.suspensions')}
            value={team.suspensions
              .map((range) =>
                range.toDate === 0
                  ? t('team.rangeOpen', {from: date(range.fromDate)})
                  : t('team.range', {from: date(range.fromDate), to: date(range.toDate)}),
              )
              .join('; ')}
          />
        )}
        <Fact name={t('team.id')} value={String(team.teamId)} />
        {team.successorTeamIds.length > 0 && (
          <div>
            <dt>{t('team.successors')}</dt>
            <dd>
              {team.successorTeamIds.map((id, index) => (
                <span key={String(id)}>
                  {index > 0 && ', '}
                  <a href={href({page: 'team', team: id})}>{model.teams.get(id)?.name ?? String(id)}</a>
                </span>
              ))}
            </dd>
          </div>
        )}
      </dl>
    </header>
  );
}

function Fact({name, value}: {name: string; value: string}): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
