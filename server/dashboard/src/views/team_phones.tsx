// A team's phones and when each was last heard.
import type {JSX} from 'preact';
import type {GetTeamResponse} from '../gen/thon/v1/query_service_pb';
import type {AuthorRow, SyncHealthRow} from '../gen/thon/v1/rows_pb';
import {dateOfInstant} from '../lib/civil';
import {count, dateTime} from '../lib/format';
import {t} from '../lib/i18n';
import {QUIET_DAYS} from '../model/aggregate';
import {Badge} from './team_cells';

export const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

export function agoText(days: number): string {
  if (days <= 0) return t('ago.today');
  return days === 1 ? t('ago.yesterday') : t('ago.days', {n: count(days)});
}

export function TeamPhones({answer, today}: {answer: GetTeamResponse; today: number}): JSX.Element {
  const health = new Map(answer.syncHealth.map((row) => [hexOf(row.author), row]));
  const phones = [...answer.authors].sort((a, b) => a.number - b.number);
  return (
    <section class="card" aria-labelledby="phones-title">
      <div class="card-head">
        <h2 id="phones-title">
          {t('phones.title')} ({count(phones.length)})
        </h2>
      </div>
      {phones.length === 0 && <p>{t('phones.none')}</p>}
      <ul class="phones">
        {phones.map((phone) => (
          <PhoneItem key={hexOf(phone.author)} phone={phone} health={health.get(hexOf(phone.author))} today={today} />
        ))}
      </ul>
    </section>
  );
}

function PhoneItem({phone, health, today}: {phone: AuthorRow; health: SyncHealthRow | undefined; today: number}): JSX.Element {
  const author = hexOf(phone.author);
  const heard = health?.lastReceiveTimeMs ?? 0n;
  const days = heard === 0n ? 0 : today - dateOfInstant(Number(heard));
  const notes = health === undefined ? [] : notesOf(health);
  const revoked = phone.revokedPosition !== 0n;
  return (
    <li data-test={`team-phone-${author}`}>
      <p>
        <strong>
          {t('phones.phone')} {author.slice(0, 8)}
        </strong>
        {revoked && <Badge tone="bad">{t('phones.revoked')}</Badge>}
        {!phone.confirmed && <Badge tone="warn">{t('phones.unconfirmed')}</Badge>}
        {!revoked && heard !== 0n && days >= QUIET_DAYS && <Badge tone="warn">{t('phones.silent')}</Badge>}
      </p>
      <dl class="facts">
        {phone.memberId !== 0n && (
          <div>
            <dt>{t('phones.holder')}</dt>
            <dd>{t('timeline.member', {id: phone.memberId})}</dd>
          </div>
        )}
        <div>
          <dt>{t('phones.lastHeard')}</dt>
          <dd>{heard === 0n ? t('phones.never') : `${dateTime(heard)} (${agoText(days)})`}</dd>
        </div>
        <div>
          <dt>{t('phones.events')}</dt>
          <dd>{count(health?.events ?? 0n)}</dd>
        </div>
        {health !== undefined && (
          <div>
            <dt>{t('phones.clock')}</dt>
            <dd>{notes.length === 0 ? t('phones.clockGood') : notes.join(', ')}</dd>
          </div>
        )}
        {health !== undefined && health.appVersion !== '' && (
          <div>
            <dt>{t('phones.app')}</dt>
            <dd>{health.appVersion}</dd>
          </div>
        )}
      </dl>
    </li>
  );
}

function notesOf(health: SyncHealthRow): string[] {
  const notes: string[] = [];
  if (health.wallClockWrong > 0n) notes.push(t('phones.clockBad', {n: count(health.wallClockWrong)}));
  if (health.suspect > 0n) notes.push(t('phones.suspect', {n: count(health.suspect)}));
  if (health.forks > 0n) notes.push(t('phones.forks', {n: count(health.forks)}));
  return notes;
}
