// How far what is shown can be trusted: always at the bottom of the page, and
// in a red banner at its top when it is not what the server has now. Screen
// readers hear of a change of the state, never of every figure.
import type {JSX} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import {count, date, dateTime} from '../lib/format';
import {t} from '../lib/i18n';
import {live} from '../live/live';
import type {LiveState, LiveStatus} from '../live/status';
import {AuditButton} from './audit';

// A form for each state, so that colour is not the only sign of it.
const SIGNS: Record<LiveState, JSX.Element> = {
  live: <circle cx="8" cy="8" r="6" fill="currentColor" />,
  connecting: <circle cx="8" cy="8" r="5" fill="none" stroke="currentColor" stroke-width="2" stroke-dasharray="4 3" />,
  past: <path d="M8 2a6 6 0 1 1-6 6M8 4v4l3 2M2 8V3M2 8h4" fill="none" stroke="currentColor" stroke-width="2" />,
  stale: <path d="M8 1l7 13H1z M8 6v4 M8 11.5v1.5" fill="none" stroke="currentColor" stroke-width="2" />,
  corrupt: <path d="M3 3l10 10M13 3L3 13" fill="none" stroke="currentColor" stroke-width="3" />,
  denied: <path d="M3 7h10v7H3zM5 7V5a3 3 0 0 1 6 0v2" fill="none" stroke="currentColor" stroke-width="2" />,
};

export const shortDigest = (digest: string): string => digest.slice(0, 12);

function detailOf(status: LiveStatus): string {
  return status.detail === 'none' ? '' : t(`detail.${status.detail}`);
}

export function TrustBar(): JSX.Element {
  const status = live.status.value;
  const detail = detailOf(status);
  const known = status.position > 0n;
  return (
    <footer class="trust" data-state={status.state} aria-label={t('trust.label')} data-test="trust-bar">
      <span class="trust-state" data-test="trust-state" data-state={status.state}>
        <svg viewBox="0 0 16 16" aria-hidden="true">{SIGNS[status.state]}</svg>
        <span>{t(`state.${status.state}`)}</span>
      </span>
      <dl>
        <div>
          <dt>{t('trust.position')}</dt>
          <dd class="position" data-test="trust-position" data-position={String(status.position)}>
            {known ? count(status.position) : t('trust.none')}
          </dd>
        </div>
        <div>
          <dt>{t('trust.time')}</dt>
          <dd data-test="trust-time">{dateTime(status.serverTimeMs, true)}</dd>
        </div>
        <div class="log-day">
          <dt>{t('trust.day')}</dt>
          <dd data-test="trust-day">{date(status.localDate)}</dd>
        </div>
        <div>
          <dt>{t('trust.digest')}</dt>
          <dd
            class="digest"
            data-test="trust-digest"
            data-digest={status.digest}
            title={status.digest === '' ? undefined : t('trust.digestTitle', {digest: status.digest})}
          >
            {status.digest === '' ? t('trust.none') : shortDigest(status.digest)}
          </dd>
        </div>
      </dl>
      {detail !== '' && <span class="trust-detail" data-test="trust-detail">{detail}</span>}
      <AuditButton />
    </footer>
  );
}

function bannerText(status: LiveStatus): string {
  if (status.state === 'corrupt') return t('trust.corruptBanner');
  if (status.state === 'stale') {
    return status.position > 0n
      ? t('trust.staleBanner', {time: dateTime(status.serverTimeMs, true)})
      : t('trust.staleEmpty');
  }
  if (status.state === 'past' && status.detail === 'past-failed') return t('trust.pastFailed');
  return '';
}

// Red, at the top, for as long as what is shown is not what it says it is.
export function StateBanner(): JSX.Element | null {
  const status = live.status.value;
  const text = bannerText(status);
  if (text === '') return null;
  return (
    <div class="banner banner-bad" role="region" aria-label={t(`state.${status.state}`)} data-test="state-banner">
      <p>
        <strong>{text}</strong> <span>{detailOf(status)}</span>
      </p>
    </div>
  );
}

// The page's only live region: says a state when it changes. It is empty while
// the page first connects and turns live, which is what everybody expects.
export function StateAnnouncer(): JSX.Element {
  const {state, detail} = live.status.value;
  const [was, setWas] = useState<{now: LiveState; heardBad: boolean}>({now: state, heardBad: false});
  useEffect(() => {
    setWas((before) => ({
      now: state,
      heardBad: before.heardBad || state === 'stale' || state === 'corrupt' || state === 'past',
    }));
  }, [state]);
  let text = '';
  if (state === 'live') text = was.heardBad ? t('trust.recovered') : '';
  else if (state !== 'connecting') text = `${t(`state.${state}`)}. ${bannerText(live.status.peek())}`;
  const urgent = state === 'stale' || state === 'corrupt' || detail === 'past-failed';
  return (
    <>
      <div class="visually-hidden" role="status" data-test="announce">{urgent ? '' : text}</div>
      <div class="visually-hidden" role="alert" data-test="announce-alert">{urgent ? text : ''}</div>
    </>
  );
}
