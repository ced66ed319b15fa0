// The main figures, large, each with its change since the month before.
import type {JSX} from 'preact';
import {count, month as monthText, percent} from '../lib/format';
import {t, type TextKey} from '../lib/i18n';
import {href, route} from '../lib/url';
import {type Overview, previousMonth} from '../model/aggregate';
import {isNowOnly} from './map_figures';

type Key = 'teams' | 'active' | 'quiet' | 'notReported' | 'phonesSilent' | 'neverSynced';

interface Card {
  key: Key;
  test: string;
  filter: string;
  // Which direction is good; 0: neither.
  better: 1 | -1 | 0;
}

const CARDS: readonly Card[] = [
  {key: 'teams', test: 'teams', filter: '', better: 0},
  {key: 'active', test: 'active', filter: 'active', better: 1},
  {key: 'quiet', test: 'quiet', filter: 'quiet', better: -1},
  {key: 'notReported', test: 'not-reported', filter: 'not-reported', better: -1},
  {key: 'phonesSilent', test: 'phones-silent', filter: 'phones-silent', better: -1},
  {key: 'neverSynced', test: 'never-synced', filter: 'never-synced', better: -1},
];

interface DeltaProps {
  before: number | bigint | undefined;
  now: number | bigint;
  better: 1 | -1 | 0;
  month: number;
  show?: (value: bigint) => string;
}

// "▲ +12 so với 09/2023": sign, number and words say it, the colour only helps.
export function Delta({before, now, better, month, show = count}: DeltaProps): JSX.Element {
  const against = monthText(previousMonth(month));
  if (before === undefined) {
    return <span class="delta-none">{t('overview.noChange', {month: against})}</span>;
  }
  const change = BigInt(now) - BigInt(before);
  if (change === 0n) {
    return <span class="delta-none">{t('overview.same', {month: against})}</span>;
  }
  const size = show(change < 0n ? -change : change);
  const up = change > 0n;
  const good = better === 0 ? '' : (better === 1) === up ? 'delta-good' : 'delta-bad';
  return (
    <span>
      <span class="visually-hidden">{t(up ? 'overview.up' : 'overview.down', {n: size, month: against})}</span>
      <span aria-hidden="true">
        <span class={`delta ${good}`}>{up ? '▲ +' : '▼ −'}{size}</span>{' '}
        {t('overview.since', {month: against})}
      </span>
    </span>
  );
}

function label(card: Card, past: boolean): TextKey {
  return card.key === 'quiet' && past ? 'overview.quietPast' : `overview.${card.key}`;
}

function FigureCard({card, overview, past}: {card: Card; overview: Overview; past: boolean}): JSX.Element {
  const value = overview[card.key];
  // It has no month before, and no share of another month's teams.
  const nowOnly = isNowOnly(card.key);
  const attention = card.better === -1 && value > 0;
  return (
    <li class={`card figure${attention ? ' figure-attention' : ''}`}>
      <h3 id={`figure-${card.test}`}>
        <a href={href({page: 'teams', team: 0n, filter: card.filter, q: '', sort: ''})}>
          {t(label(card, past))}
          <span class="visually-hidden">: {count(value)}, {t('overview.openTeams')}</span>
        </a>
      </h3>
      <div class="figure-box">
        <div class="figure-value" data-test={`overview-figure-${card.test}`} data-value={value}>
          {count(value)}
        </div>
      </div>
      <div class="figure-note">
        {card.key !== 'teams' && !(nowOnly && past) && (
          <div>{t('overview.share', {percent: percent(value, overview.teams)})}</div>
        )}
        {nowOnly ? (
          <div>{t(route.value.at ? 'overview.nowOnlyPast' : 'overview.nowOnly')}</div>
        ) : (
          <div data-test={`overview-change-${card.test}`}>
            <Delta before={overview.change?.[card.key]} now={value} better={card.better} month={overview.month} />
          </div>
        )}
      </div>
    </li>
  );
}

// `past`: the month is not the model's current one.
export function FigureCards({overview, past}: {overview: Overview; past: boolean}): JSX.Element {
  return (
    <section aria-labelledby="figures-title">
      <h2 id="figures-title" class="visually-hidden">{t('overview.figures')}</h2>
      <ul class="figures" data-test="overview-figures">
        {CARDS.map((card) => (
          <FigureCard key={card.key} card={card} overview={overview} past={past} />
        ))}
      </ul>
    </section>
  );
}
