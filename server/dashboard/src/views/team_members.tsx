// A team's members by seat. The log knows a member by an id, never by a name.
import type {JSX} from 'preact';
import {Seat} from '../gen/thon/v1/event_pb';
import type {TeamMember, TeamRow} from '../gen/thon/v1/rows_pb';
import {count, date} from '../lib/format';
import {t, type TextKey} from '../lib/i18n';

const SEATS: readonly Seat[] = [Seat.LEADER, Seat.DEPUTY, Seat.MEMBER, Seat.UNSPECIFIED];

export const isMemberOn = (member: TeamMember, day: number): boolean =>
  member.joinedDate <= day && (member.leftDate === 0 || day < member.leftDate);

function affiliations(member: TeamMember): string {
  return member.affiliations
    .filter((one) => one >= 1 && one <= 11)
    .map((one) => t(`affiliation.${one}` as TextKey))
    .join(', ');
}

export function TeamMembers({team, today}: {team: TeamRow; today: number}): JSX.Element {
  const now = team.members.filter((member) => isMemberOn(member, today));
  const former = team.members.filter((member) => member.leftDate !== 0 && member.leftDate <= today);
  return (
    <section class="card" aria-labelledby="members-title">
      <div class="card-head">
        <h2 id="members-title">
          {t('members.title')} ({count(now.length)})
        </h2>
      </div>
      {now.length === 0 && <p>{t('members.none')}</p>}
      {SEATS.map((seat) => {
        const seated = now.filter((member) => (seat === Seat.UNSPECIFIED ? !SEATS.slice(0, 3).includes(member.seat) : member.seat === seat));
        return (
          seated.length > 0 && (
            <div key={seat} class="seat">
              <h3>{t(`seat.${seat as 0 | 1 | 2 | 3}`)}</h3>
              <ul>
                {seated.map((member) => (
                  <li key={String(member.memberId)} data-test={`team-member-${member.memberId}`} data-seat={seat}>
                    <span>{t('members.one', {id: member.memberId})}</span>
                    <small>
                      {[affiliations(member), t('members.since', {date: date(member.joinedDate)})].filter((part) => part !== '').join(' · ')}
                    </small>
                  </li>
                ))}
              </ul>
            </div>
          )
        );
      })}
      {former.length > 0 && (
        <details>
          <summary>{t('members.former', {n: count(former.length)})}</summary>
          <ul class="former">
            {former.map((member) => (
              <li key={`${member.memberId} ${member.joinedDate}`}>
                {t('members.one', {id: member.memberId})}{' '}
                <small>{t('team.range', {from: date(member.joinedDate), to: date(member.leftDate)})}</small>
              </li>
            ))}
          </ul>
        </details>
      )}
      <p class="quiet-text">{t('members.privacy')}</p>
    </section>
  );
}
