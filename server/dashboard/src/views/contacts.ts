// Whom to ask in a team: its leader, else its deputies, else whoever is a member.
import {api, options} from '../live/api';
import type {AtParam} from '../lib/url';
import type {TeamRow} from '../gen/thon/v1/rows_pb';
import {Seat} from '../gen/thon/v1/event_pb';
import type {Contact} from './team_cells';

const PAGE = 1_000;
const CONTACTS_MAX = 2;

// The team's contacts on a day, the most senior seat first.
export function contactsOf(team: TeamRow, today: number): Contact[] {
  const order = (seat: Seat): number => (seat === Seat.UNSPECIFIED ? Seat.MEMBER + 1 : seat);
  return team.members
    .filter((member) => member.joinedDate <= today && (member.leftDate === 0 || today < member.leftDate))
    .sort((a, b) => order(a.seat) - order(b.seat) || a.joinedDate - b.joinedDate || (a.memberId < b.memberId ? -1 : 1))
    .slice(0, CONTACTS_MAX)
    .map((member) => ({member: member.memberId, seat: member.seat}));
}

// Reads them for all teams of an area. The stream does not carry members: only
// the call list needs them.
export async function readContacts(
  unit: bigint,
  at: AtParam | undefined,
  today: number,
  signal: AbortSignal,
): Promise<Map<bigint, readonly Contact[]>> {
  const contacts = new Map<bigint, readonly Contact[]>();
  let pageToken = '';
  do {
    const page = await api.query.listTeams(
      {rootUnitId: unit, pageSize: PAGE, pageToken, options: options(at)},
      {signal},
    );
    for (const team of page.teams) contacts.set(team.teamId, contactsOf(team, today));
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return contacts;
}
