// A team month by month: what it did, what it is owed, and why.
import type {JSX} from 'preact';
import {useState} from 'preact/hooks';
import {civil, lastDay, monthOf} from '../lib/civil';
import {count, date, money, month as monthText} from '../lib/format';
import {t} from '../lib/i18n';
import {route} from '../lib/url';
import type {Model} from '../model/model';
import {daysOfBits, monthLines, readOlderMonths, type MonthLine} from './month_lines';
import {Explanation, StateBadge, type DecideHere} from './team_explanation';
import {failureText, useRead} from './use_read';

export interface TeamMonthsProps {
  readonly model: Model;
  readonly team: bigint;
  readonly unit: bigint; // where it stands
  readonly foundedDate: number;
  readonly moment: string;
  readonly version: number;
  readonly decide: DecideHere | undefined;
}

export function TeamMonths(props: TeamMonthsProps): JSX.Element {
  const {model, team} = props;
  const [wantOlder, setWantOlder] = useState(false);
  const older = useRead(`${team} ${props.moment} ${wantOlder ? model.firstMonth : 0}`, props.version, (signal) =>
    wantOlder ? readOlderMonths(model, team, props.unit, route.peek().at, signal) : Promise.resolve([]),
  );
  // Months that the stream does not carry.
  const hasOlder = monthOf(props.foundedDate) < model.firstMonth;
  const lines = [...monthLines(model, team), ...(older.value ?? []).filter((line) => line.month < model.firstMonth)];
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const toggle = (month: number): void => {
    const next = new Set(open);
    if (!next.delete(month)) next.add(month);
    setOpen(next);
  };
  return (
    <section class="card" aria-labelledby="months-title">
      <div class="card-head">
        <h2 id="months-title">{t('months.title')}</h2>
      </div>
      {lines.length === 0 && <p>{t('months.none')}</p>}
      <ol class="months">
        {lines.map((line) => (
          <li key={line.month} class="month" data-test={`month-${line.month}`}>
            <MonthHead line={line} open={open.has(line.month)} toggle={() => toggle(line.month)} />
            {open.has(line.month) && (
              <div id={`explanation-${line.month}`}>
                {(line.determinations.length === 0 ? [''] : line.determinations.map((one) => one.policyId)).map((policyId) => (
                  <Explanation
                    key={policyId}
                    team={props.team}
                    policyId={policyId}
                    month={line.month}
                    moment={props.moment}
                    version={props.version}
                    decide={props.decide}
                  />
                ))}
              </div>
            )}
          </li>
        ))}
      </ol>
      {hasOlder && !wantOlder && (
        <button type="button" class="screen-only" data-test="months-older" onClick={() => setWantOlder(true)}>
          {t('months.older', {month: monthText(model.firstMonth)})}
        </button>
      )}
      {wantOlder && older.loading && older.value === undefined && <p role="status">{t('team.loading')}</p>}
      {wantOlder && older.error !== undefined && (
        <p role="alert" class="field-error">
          {t('team.failed', {detail: failureText(older.error)})}{' '}
          <button type="button" onClick={older.again}>
            {t('teams.retry')}
          </button>
        </p>
      )}
    </section>
  );
}

function MonthHead({line, open, toggle}: {line: MonthLine; open: boolean; toggle: () => void}): JSX.Element {
  const {month, view, determinations} = line;
  const figures =
    view === undefined
      ? [t('months.daysNone')]
      : [
          t('months.days', {n: count(view.activeDays)}),
          t('months.activities', {n: count(view.activities)}),
          t('months.people', {n: count(view.peopleReached)}),
          view.held > 0 ? t('months.held', {n: count(view.held)}) : '',
          view.suspect > 0 ? t('months.suspect', {n: count(view.suspect)}) : '',
        ].filter((part) => part !== '');
  return (
    <div class="month-head">
      <h3>{monthText(month)}</h3>
      <div class="month-activity">
        <DayStrip month={month} bits={view?.activeDayBits ?? 0} />
        <p>{figures.join(' · ')}</p>
        <p class={view === undefined || view.updateDate === 0 ? 'nothing' : undefined}>
          {t('months.update')}:{' '}
          {view === undefined || view.updateDate === 0
            ? t('teams.update.missing')
            : `${t('teams.update.submitted', {date: date(view.updateDate)})}${view.updateConfirmed ? `, ${t('teams.update.confirmed')}` : ''}`}
        </p>
      </div>
      <ul class="month-money">
        {determinations.map((one) => (
          <li key={one.policyId} data-test={`determination-${month}`} data-policy={one.policyId}>
            <StateBadge state={one.state} /> <strong>{money(one.amount)}</strong> <small>{one.policyId}</small>
          </li>
        ))}
        {determinations.length === 0 && <li class="nothing">{t('teams.money.none')}</li>}
      </ul>
      <button
        type="button"
        class="screen-only"
        data-test={`explain-${month}`}
        aria-expanded={open}
        aria-controls={open ? `explanation-${month}` : undefined}
        onClick={toggle}
      >
        {open ? t('months.close') : t('months.explain')}
        <span class="visually-hidden">: {monthText(month)}</span>
      </button>
    </div>
  );
}

const CELL = 8;

// A mark for each day of the month.
function DayStrip({month, bits}: {month: number; bits: number}): JSX.Element {
  const active = new Set(daysOfBits(bits));
  const length = civil(lastDay(month)).day;
  const label = active.size === 0 ? t('months.daysNone') : t('months.daysOf', {list: [...active].join(', ')});
  return (
    <svg class="day-strip" role="img" aria-label={label} viewBox={`0 0 ${length * CELL} ${CELL}`}>
      {Array.from({length}, (_, index) => (
        <rect
          key={index}
          class={active.has(index + 1) ? 'on' : 'off'}
          x={index * CELL + 1}
          y={1}
          width={CELL - 2}
          height={CELL - 2}
          rx={1}
        />
      ))}
    </svg>
  );
}
