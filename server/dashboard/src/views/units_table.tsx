// The units directly below the one shown, with their figures: where one drills
// down by name, and what a screen reader has in place of the map.
import type {JSX} from 'preact';
import {count, money, month as monthText} from '../lib/format';
import {t} from '../lib/i18n';
import {href} from '../lib/url';
import {byChild, type Overview} from '../model/aggregate';
import type {Model, Unit} from '../model/model';

const KEYS = ['teams', 'active', 'quiet', 'notReported', 'phonesSilent', 'neverSynced'] as const;

function Cells({overview}: {overview: Overview}): JSX.Element {
  return (
    <>
      {KEYS.map((key) => (
        <td key={key} class="number">{count(overview[key])}</td>
      ))}
      <td class="number">{money(overview.amount)}</td>
    </>
  );
}

export function UnitsTable(props: {model: Model; unit: Unit; overview: Overview; past: boolean}): JSX.Element | null {
  const {model, unit, overview, past} = props;
  const children = byChild(model, unit.id, overview.month);
  if (children.length === 0) return null;
  return (
    <section class="card may-break" aria-labelledby="below-title" data-test="units-table">
      <div class="card-head">
        <h2 id="below-title">{t('overview.below', {area: unit.name})}</h2>
      </div>
      <div class="table-scroll" tabIndex={0} role="group" aria-labelledby="below-title">
        <table class="data">
          <caption>{t('overview.belowCaption', {month: monthText(overview.month)})}</caption>
          <thead>
            <tr>
              <th scope="col">{t('overview.unit')}</th>
              {KEYS.map((key) => (
                <th key={key} scope="col" class="number">
                  {t(key === 'quiet' && past ? 'overview.quietPast' : `overview.${key}`)}
                </th>
              ))}
              <th scope="col" class="number">{t('overview.owedColumn')}</th>
            </tr>
          </thead>
          <tbody>
            {children.map((child) => (
              <tr key={String(child.unit.id)} data-test={`unit-row-${child.unit.id}`}>
                <th scope="row">
                  <a href={href({page: 'overview', unit: child.unit.id})}>{child.unit.name}</a>
                </th>
                <Cells overview={child.overview} />
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row">{t('overview.total')}</th>
              <Cells overview={overview} />
            </tr>
          </tfoot>
        </table>
      </div>
    </section>
  );
}

// Teams that stand on the unit itself: of a village, or of a commune's level.
export function OwnTeams({model, unit}: {model: Model; unit: Unit}): JSX.Element | null {
  const ids = model.teamsByUnit.get(unit.id) ?? [];
  if (ids.length === 0) return null;
  return (
    <section class="card" aria-labelledby="own-teams-title" data-test="own-teams">
      <h2 id="own-teams-title">{t('overview.ownTeams')}</h2>
      <ul class="choices own-teams">
        {ids.map((id) => (
          <li key={String(id)}>
            <a class="button" href={href({page: 'team', team: id})}>{model.teams.get(id)?.name ?? String(id)}</a>
          </li>
        ))}
      </ul>
    </section>
  );
}
