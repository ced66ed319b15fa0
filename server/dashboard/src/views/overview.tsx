// The overview of an area: figures, money, map, months, units below.
import type {JSX} from 'preact';
import {addMonths, lastDay, monthsFrom} from '../lib/civil';
import {date, month as monthText} from '../lib/format';
import {t} from '../lib/i18n';
import {go, route} from '../lib/url';
import {live} from '../live/live';
import {currentMonth, overview as overviewOf} from '../model/aggregate';
import type {Model, Unit} from '../model/model';
import {FigureCards} from './figure_cards';
import {MoneyCard} from './money_card';
import {MonthChart} from './month_chart';
import {PrintHead} from './print';
import {TileMap} from './tile_map';
import {OwnTeams, UnitsTable} from './units_table';

// Months that a page of ordinary size follows; fewer are said.
const MONTHS = 12;

// The unit that the page is about; undefined if the model has no such unit.
export function shownUnit(model: Model): Unit | undefined {
  const {page, unit, team} = route.value;
  const ofTeam = page === 'team' ? model.teams.get(team)?.unit : undefined;
  return model.units.get(ofTeam ?? (unit === 0n ? model.scope : unit));
}

export function shownMonth(model: Model): number {
  const current = currentMonth(model);
  const wanted = route.value.month;
  return wanted !== 0 && wanted >= model.firstMonth && wanted <= current ? wanted : current;
}

function MonthField({model, month}: {model: Model; month: number}): JSX.Element {
  const current = currentMonth(model);
  const months = monthsFrom(model.firstMonth || current, current).reverse();
  return (
    <p class="field">
      <label for="overview-month">{t('overview.month')}</label>
      <select
        id="overview-month"
        data-test="overview-month"
        value={String(month)}
        onChange={(event) => {
          const chosen = Number(event.currentTarget.value);
          go({month: chosen === current ? 0 : chosen});
        }}
      >
        {months.map((m) => (
          <option key={m} value={String(m)}>
            {m === current ? t('overview.monthCurrent', {month: monthText(m)}) : monthText(m)}
          </option>
        ))}
      </select>
    </p>
  );
}

export function OverviewPage(): JSX.Element | null {
  const model = live.model.value;
  const unit = shownUnit(model);
  if (!unit) return null;
  const current = currentMonth(model);
  const month = shownMonth(model);
  const past = month !== current;
  const overview = overviewOf(model, unit.id, month);
  const short = model.firstMonth > addMonths(current, 1 - MONTHS);
  return (
    <>
      <PrintHead area={unit.name} />
      <div class="page-head">
        <div>
          <h1 tabIndex={-1} data-test="overview-title">{unit.name}</h1>
          <p class="quiet-text">
            {t('overview.asKnown', {date: date(model.localDate)})}
            {!past && model.localDate < lastDay(month) && <> · {t('overview.unfinished')}</>}
            {short && <> · {t('overview.shortWindow', {month: monthText(model.firstMonth)})}</>}
          </p>
        </div>
        <MonthField model={model} month={month} />
      </div>
      {overview.teams === 0 && <p class="quiet-text">{t('overview.noTeams')}</p>}
      <div class="overview">
        <FigureCards overview={overview} past={past} />
        <div class="side">
          <MoneyCard model={model} unit={unit} overview={overview} />
          <MonthChart model={model} unit={unit} />
        </div>
        <div class="wide">
          <TileMap key={String(unit.id)} model={model} unit={unit} month={month} />
          <UnitsTable model={model} unit={unit} overview={overview} past={past} />
          <OwnTeams model={model} unit={unit} />
        </div>
      </div>
    </>
  );
}
