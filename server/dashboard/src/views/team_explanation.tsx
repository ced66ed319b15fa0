// Why a month is paid or not: the tree of steps that the server's engine took,
// each with its article, the values it looked at and the events behind them.
// The sentences are the server's own, in both languages.
import type {JSX} from 'preact';
import type {AmountPart, Derivation, ExplainedEvent, MetricValue} from '../gen/thon/v1/policy_pb';
import {BeneficiaryKind, DeterminationState} from '../gen/thon/v1/policy_pb';
import type {GetDeterminationResponse} from '../gen/thon/v1/query_service_pb';
import {count, date, money, month as monthText} from '../lib/format';
import {lang, t, type TextKey} from '../lib/i18n';
import {route} from '../lib/url';
import {api, options} from '../live/api';
import {live} from '../live/live';
import {typeWords} from './event_words';
import {metricWords} from './metric_words';
import {Badge, type Tone} from './team_cells';
import {moneyName} from './team_rows';
import {failureText, useRead} from './use_read';

// More events than this are folded away at first.
const OPEN_EVENTS_MAX = 30;
const POSITIONS_SHOWN = 20;

export interface ExplanationProps {
  readonly team: bigint;
  readonly policyId: string; // empty: whichever the team's unit has
  readonly month: number;
  // Changes when it must be read again.
  readonly version: number;
  readonly moment: string;
  // Undefined where nothing can be decided.
  readonly decide: DecideHere | undefined;
}

export interface DecideHere {
  event(event: ExplainedEvent, seenPosition: bigint): void;
  month(policyId: string, month: number, seenPosition: bigint): void;
}

export const text = (step: {textVi: string; textEn: string}): string =>
  lang.value === 'vi' ? step.textVi : step.textEn;

// Steps of the tree, the root included, that rest on no document.
export function assumptionsOf(step: Derivation): string[] {
  const own = step.assumption === '' ? [] : [step.assumption];
  return [...own, ...step.steps.flatMap(assumptionsOf)];
}

export interface EventGroups {
  readonly counted: ExplainedEvent[];
  readonly held: ExplainedEvent[];
  readonly aside: ExplainedEvent[];
}

export function groupsOf(events: readonly ExplainedEvent[]): EventGroups {
  return {
    counted: events.filter((event) => event.standing === 'COUNTED'),
    held: events.filter((event) => event.standing === 'HELD'),
    aside: events.filter((event) => event.standing !== 'COUNTED' && event.standing !== 'HELD'),
  };
}

export function Explanation(props: ExplanationProps): JSX.Element {
  const {team, policyId, month} = props;
  const read = useRead(
    `${team} ${policyId} ${month} ${props.moment}`,
    props.version,
    (signal) =>
      api.query.getDetermination(
        {
          policyId,
          beneficiaryKind: BeneficiaryKind.TEAM,
          beneficiaryId: team,
          month,
          explain: true,
          options: options(route.peek().at, live.model.peek().position),
        },
        {signal},
      ),
  );
  const title =
    policyId === ''
      ? t('explain.noPolicy', {month: monthText(month)})
      : t('explain.title', {policy: policyId, month: monthText(month)});
  return (
    <section class="explanation" data-test="explanation" data-month={month} data-policy={policyId} aria-label={title} aria-busy={read.loading}>
      <h4>{title}</h4>
      {read.error !== undefined && (
        <p role="alert" class="field-error">
          {t('team.failed', {detail: failureText(read.error)})}{' '}
          <button type="button" onClick={read.again}>
            {t('teams.retry')}
          </button>
        </p>
      )}
      {read.value === undefined ? (
        read.loading && <p role="status">{t('team.loading')}</p>
      ) : (
        <Answer answer={read.value} decide={props.decide} />
      )}
    </section>
  );
}

function stateTone(state: DeterminationState): Tone {
  if (state >= DeterminationState.PROVISIONAL) return 'good';
  if (state === DeterminationState.HELD || state === DeterminationState.COVERED_UNFUNDED) return 'warn';
  return state === DeterminationState.REJECTED ? 'bad' : 'plain';
}

export function StateBadge({state}: {state: DeterminationState}): JSX.Element {
  const name = moneyName(state);
  return <Badge tone={stateTone(state)}>{name === undefined ? t('teams.money.none') : t(`teams.money.${name}`)}</Badge>;
}

function Answer({answer, decide}: {answer: GetDeterminationResponse; decide: DecideHere | undefined}): JSX.Element {
  const root = answer.derivation;
  const determination = answer.row?.determination;
  const assumptions = root === undefined ? [] : assumptionsOf(root);
  const state = determination?.state ?? DeterminationState.UNSPECIFIED;
  return (
    <>
      <div class="explain-result">
        <StateBadge state={state} />
        <strong class="explain-amount">{money(determination?.amountVnd ?? 0n)}</strong>
        {decide !== undefined && state === DeterminationState.HELD && answer.row !== undefined && (
          <button
            type="button"
            class="screen-only"
            data-test={`held-decide-month-${answer.row.month}`}
            onClick={() => answer.row && decide.month(answer.row.policyId, answer.row.month, answer.position)}
          >
            {t('decide.openMonth')}
          </button>
        )}
      </div>
      {root !== undefined && <p class="explain-root">{text(root)}</p>}
      {root !== undefined && root.source !== '' && (
        <p class="step-source">
          <span>{t('explain.source')}:</span> {root.source}
        </p>
      )}
      {assumptions.length > 0 && (
        <p class="explain-assumptions" data-test="explain-assumptions">
          {t('explain.assumptions', {n: count(assumptions.length)})}
        </p>
      )}
      {determination !== undefined && determination.parts.length > 0 && <Parts parts={determination.parts} />}
      {root !== undefined && (
        <ol class="steps">
          {root.steps.map((step, index) => (
            <Step key={`${step.rule} ${index}`} step={step} seen={answer.position} decide={decide} />
          ))}
        </ol>
      )}
      {root !== undefined && root.metrics.length > 0 && <Metrics metrics={root.metrics} />}
      <p class="quiet-text">
        {determination !== undefined &&
          determination.policyVersion !== 0 &&
          `${t('explain.versions', {
            version: determination.policyVersion,
            policy: place(determination.policyPosition),
            list: place(determination.listPosition),
            funding: place(determination.fundingPosition),
            structure: place(determination.structurePosition),
          })} `}
        {t('explain.readAt', {position: count(answer.position)})}
      </p>
    </>
  );
}

const place = (position: bigint): string => (position === 0n ? '–' : count(position));

function Parts({parts}: {parts: readonly AmountPart[]}): JSX.Element {
  return (
    <div>
      <h5>{t('explain.parts')}</h5>
      <ul class="parts">
        {parts.map((part) => (
          <li key={part.path}>
            <code>{part.path}</code>: {count(part.quantity)}
            {part.rateVnd === 0n ? '' : ` × ${money(part.rateVnd)}`} = {money(part.amountVnd)}
          </li>
        ))}
      </ul>
    </div>
  );
}

function valueText(metric: MetricValue): string {
  if (metric.denominator === 0n) return '–';
  return metric.denominator === 1n ? count(metric.numerator) : `${count(metric.numerator)}/${count(metric.denominator)}`;
}

function Metrics({metrics}: {metrics: readonly MetricValue[]}): JSX.Element {
  return (
    <div>
      <h5>{t('explain.metrics')}</h5>
      <dl class="metrics">
        {metrics.map((metric) => (
          <div key={`${metric.metric} ${metric.qualifier}`}>
            <dt>
              {metric.metric} {metricWords(metric.metric, lang.value)}
              {metric.qualifier === '' ? '' : ` (${metric.qualifier})`}
            </dt>
            <dd>{valueText(metric)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

interface StepProps {
  readonly step: Derivation;
  readonly seen: bigint;
  readonly decide: DecideHere | undefined;
}

function Step({step, seen, decide}: StepProps): JSX.Element {
  // Many of the server's sentences begin with it.
  const judged = step.holds ? t('explain.holds') : t('explain.fails');
  return (
    <li class="step" data-test="explain-step" data-rule={step.rule} data-holds={step.holds} data-deciding={step.deciding}>
      <div class="step-line">
        <span class="step-mark" aria-hidden="true">
          {step.holds ? '✓' : '✗'}
        </span>
        <span class="step-text">
          {!text(step).startsWith(judged) && <span class="visually-hidden">{judged}: </span>}
          {text(step)}
        </span>
        {step.deciding && <Badge tone="warn">{t('explain.deciding')}</Badge>}
      </div>
      {(step.source !== '' || step.assumption !== '') && (
        <p class="step-source">
          {step.source !== '' && (
            <span data-test="explain-source">
              <span>{t('explain.source')}:</span> {step.source}
            </span>
          )}
          {step.assumption !== '' && (
            <span class="step-assumption" data-test="explain-assumption">
              <Badge tone="warn">{t('explain.assumption')}</Badge> {step.assumption}
            </span>
          )}
          {step.rule !== '' && <code title={t('explain.rule')}>{step.rule}</code>}
        </p>
      )}
      {step.positions.length > 0 && step.events.length === 0 && (
        <p class="quiet-text">{t('explain.positions', {list: positionList(step.positions)})}</p>
      )}
      {step.events.length > 0 && <StepEvents step={step} seen={seen} decide={decide} />}
      {step.steps.length > 0 && (
        <ol class="steps">
          {step.steps.map((child, index) => (
            <Step key={`${child.rule} ${index}`} step={child} seen={seen} decide={decide} />
          ))}
        </ol>
      )}
    </li>
  );
}

function positionList(positions: readonly bigint[]): string {
  const shown = positions.slice(0, POSITIONS_SHOWN).map((position) => count(position));
  return positions.length > POSITIONS_SHOWN ? `${shown.join('; ')}; …` : shown.join('; ');
}

function StepEvents({step, seen, decide}: StepProps): JSX.Element {
  const groups = groupsOf(step.events);
  return (
    <details class="step-events" open={step.events.length <= OPEN_EVENTS_MAX}>
      <summary>{t('explain.showEvents', {n: count(BigInt(step.events.length) + step.eventsLeftOut)})}</summary>
      <EventList title="explain.counted" events={groups.counted} seen={seen} decide={undefined} />
      <EventList title="explain.held" events={groups.held} seen={seen} decide={decide} />
      <EventList title="explain.aside" events={groups.aside} seen={seen} decide={undefined} />
      {step.eventsLeftOut > 0n && <p class="quiet-text">{t('explain.leftOut', {n: count(step.eventsLeftOut)})}</p>}
    </details>
  );
}

interface EventListProps {
  readonly title: TextKey;
  readonly events: readonly ExplainedEvent[];
  readonly seen: bigint;
  readonly decide: DecideHere | undefined;
}

function EventList({title, events, seen, decide}: EventListProps): JSX.Element | null {
  if (events.length === 0) return null;
  const why = (event: ExplainedEvent): string =>
    [text(event), event.groupedWith === 0n ? '' : t('explain.grouped', {position: count(event.groupedWith)})]
      .filter((part) => part !== '')
      .join('; ');
  return (
    <>
      <h5>{t(title, {n: count(events.length)})}</h5>
      <ul class="events">
        {events.map((event) => (
          <li key={String(event.position)} data-test={`explain-event-${event.position}`} data-standing={event.standing}>
            <span>{date(event.date)}</span>
            <span>
              {typeWords(event.type, lang.value)} <small>{t('timeline.position', {position: count(event.position)})}</small>
            </span>
            <span>
              {standingText(event.standing)}
              {why(event) === '' ? '' : `: ${why(event)}`}
              <small> · {t('timeline.received', {time: date(event.receivedDate)})}</small>{' '}
              {decide !== undefined && event.standing === 'HELD' && (
                <button
                  type="button"
                  class="small screen-only"
                  data-test={`explain-held-decide-${event.position}`}
                  aria-label={t('decide.openLabel', {position: count(event.position)})}
                  onClick={() => decide.event(event, seen)}
                >
                  {t('decide.open')}
                </button>
              )}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

const STANDINGS: ReadonlySet<string> = new Set(['COUNTED', 'NOT_COUNTED', 'HELD', 'QUARANTINED']);

// The standing's word; one of a later version as it is.
export const standingText = (standing: string): string =>
  STANDINGS.has(standing) ? t(`standing.${standing}` as TextKey) : standing;
