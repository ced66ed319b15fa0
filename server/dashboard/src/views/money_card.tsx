// The money of a month: what is owed, the determinations by state, and how far
// the funding decisions that cover the month are taken up.
import type {JSX} from 'preact';
import {count, money, month as monthText, percent} from '../lib/format';
import {t} from '../lib/i18n';
import {href} from '../lib/url';
import type {MoneySum, Overview} from '../model/aggregate';
import {DeterminationState, type Model, type Unit} from '../model/model';
import {Delta} from './figure_cards';
import {fundingUse, type FundingUse} from './funding';

type StateName = Exclude<keyof typeof DeterminationState, 'UNSPECIFIED'>;

// In the order of the way of the money, its end first; what is owed are the
// first OWED of them.
const OWED = 4;
const STATES: readonly [StateName, string][] = [
  ['PAID', 'paid'],
  ['APPROVED', 'approved'],
  ['VERIFIED', 'verified'],
  ['PROVISIONAL', 'provisional'],
  ['COVERED_UNFUNDED', 'unfunded'],
  ['HELD', 'held'],
  ['REJECTED', 'rejected'],
  ['NOT_COVERED', 'uncovered'],
];

const NOTHING: MoneySum = {count: 0, amount: 0n};
const BAR = 1000;

// A share of the bar's length; exact enough for a screen, computed in whole
// numbers because amounts may be beyond 2^53.
const share = (part: bigint, whole: bigint): number =>
  whole === 0n ? 0 : Number((part * BigInt(BAR) * 100n) / whole) / 100;

function FundingBar({use}: {use: FundingUse}): JSX.Element {
  const whole = use.used > use.ceiling ? use.used : use.ceiling;
  let x = 0;
  const parts = STATES.slice(0, OWED).map(([name, fill]) => {
    const width = share(use.byState.get(DeterminationState[name])?.amount ?? 0n, whole);
    const part = <rect key={name} class={`fill-${fill}`} x={x} y="0" width={width} height="20" />;
    x += width;
    return part;
  });
  const mark = share(use.ceiling, whole);
  const label = t('overview.moneyBar', {used: money(use.used), ceiling: money(use.ceiling)});
  return (
    <div class="money-bar">
      <svg viewBox={`0 0 ${BAR} 20`} preserveAspectRatio="none" role="img" aria-label={label}>
        {parts}
        <line class="money-ceiling" x1={mark} x2={mark} y1="0" y2="20" />
      </svg>
    </div>
  );
}

function Funding({model, unit, month}: {model: Model; unit: Unit; month: number}): JSX.Element {
  const use = fundingUse(model, unit.id, month);
  if (use.fundings.length === 0) {
    return (
      <p class="quiet-text">
        {t('overview.noCeiling')}{' '}
        <span class="visually-hidden" data-test="overview-figure-ceiling" data-value="0">{money(0n)}</span>
      </p>
    );
  }
  const numbers = [...new Set(use.fundings.map((f) => f.number || f.policyId))].join(', ');
  const spans = use.fundings.map((f) => `${monthText(f.firstMonth)}–${monthText(f.lastMonth)}`);
  const issuers = new Set(use.fundings.map((f) => model.policies.find((p) => p.id === f.policyId)?.issuer));
  const left = use.ceiling - use.used;
  return (
    <div>
      <h3>{t('overview.funding', {numbers, months: [...new Set(spans)].join(', ')})}</h3>
      <FundingBar use={use} />
      <dl class="money-list">
        <div>
          <dt>{t('overview.ceiling')}</dt>
          <dd data-test="overview-figure-ceiling" data-value={String(use.ceiling)}>{money(use.ceiling)}</dd>
        </div>
        <div>
          <dt>{t('overview.used')}</dt>
          <dd data-test="overview-figure-used" data-value={String(use.used)}>
            <span>{money(use.used)}</span>{' '}
            <small>{t('overview.ofCeiling', {percent: percent(use.used, use.ceiling)})}</small>
          </dd>
        </div>
        <div>
          <dt>{t(left < 0n ? 'overview.over' : 'overview.remaining')}</dt>
          <dd>{money(left < 0n ? -left : left)}</dd>
        </div>
      </dl>
      <p class="quiet-text">
        {!issuers.has(unit.id) && <span>{t('overview.ofWhole', {area: unit.name})} </span>}
        {!use.complete && <span>{t('overview.usedSince', {month: monthText(model.firstMonth)})}</span>}
      </p>
    </div>
  );
}

export function MoneyCard({model, unit, overview}: {model: Model; unit: Unit; overview: Overview}): JSX.Element {
  const total = overview.amount;
  return (
    <section class="card" aria-labelledby="money-title" data-test="overview-money">
      <div class="card-head">
        <h2 id="money-title">{t('overview.money', {month: monthText(overview.month)})}</h2>
      </div>
      <p class="money-total">
        <strong data-test="overview-figure-owed" data-value={String(total)}>{money(total)}</strong>
        <span>{t('overview.owedIn')}</span>
        <Delta
          before={overview.change?.amount}
          now={total}
          better={0}
          month={overview.month}
          show={money}
        />
      </p>
      <div class="money-parts">
        <div>
          <h3>{t('overview.byState', {month: monthText(overview.month)})}</h3>
          <dl class="money-list">
            {STATES.map(([name, fill]) => {
              const sum = overview.moneyByState.get(DeterminationState[name]) ?? NOTHING;
              return (
                <div key={name}>
                  <dt>
                    <svg viewBox="0 0 10 10" aria-hidden="true">
                      <rect class={`fill-${fill}`} width="10" height="10" rx="2" />
                    </svg>
                    <a href={href({page: 'teams', team: 0n, filter: `money-${name}`, q: '', sort: ''})}>
                      {t(`teams.money.${name}`)}
                    </a>
                  </dt>
                  <dd
                    data-test={`overview-figure-money-${name}`}
                    data-count={sum.count}
                    data-amount={String(sum.amount)}
                  >
                    <span>{money(sum.amount)}</span> <small>{t('overview.cases', {n: count(sum.count)})}</small>
                  </dd>
                </div>
              );
            })}
          </dl>
        </div>
        <Funding model={model} unit={unit} month={overview.month} />
      </div>
    </section>
  );
}
