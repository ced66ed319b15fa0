// A team month by month: what it did, what it is owed, and why.
import type {JSX} from 'preact';
import {useState} from 'preact/hooks';
import {civil, lastDay} from '../lib/civil';
import {count, date, money, month as monthText} from '../lib/format';
import {t} from '../lib/i18n';
import type {DeterminationView, Model, TeamMonthView} from '../model/model';
import {Explanation, StateBadge, type DecideHere} from './team_explanation';

export interface TeamMonthsProps {
  readonly model: Model;
  readonly team: bigint;
  readonly moment: string;
  readonly version: number;
  readonly decide: DecideHere | undefined;
}

export interface MonthLine {
  readonly month: number;
  readonly view: TeamMonthView | undefined;
  readonly determinations: readonly DeterminationView[];
}

// The months there is anything about, the newest first.
export function monthLines(model: Model, team: bigint): MonthLine[] {
  const views = model.months.get(team);
  const determinations = model.determinations.get(team) ?? [];
  const months = new Set([...(views?.keys() ?? []), ...determinations.map((one) => one.month)]);
  return [...months]
    .sort((a, b) => b - a)
    .map((month) => ({
      month,
      view: views?.get(month),
      determinations: determinations.filter((one) => one.month === month),
    }));
}

export function TeamMonths(props: TeamMonthsProps): JSX.Element {
  const lines = monthLines(props.model, props.team);
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

// The days of a month that have an activity: bit d - 1 is day d.
export function daysOfBits(bits: number): number[] {
  const days: number[] = [];
  for (let day = 1; day <= 31; ++day) {
    if (((bits >>> (day - 1)) & 1) === 1) days.push(day);
  }
  return days;
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
