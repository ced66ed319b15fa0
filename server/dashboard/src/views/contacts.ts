// What the call list needs beside the stream: whom to ask in a team (its leader,
// else its deputies, else whoever is a member), and how many of its events wait
// for a decision.
import {api, options} from '../live/api';
import type {AtParam} from '../lib/url';
import type {TeamRow} from '../gen/thon/v1/rows_pb';
import {Seat} from '../gen/thon/v1/event_pb';
import {Standing} from '../gen/thon/v1/log_pb';
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

// Of so many teams the held events are counted; a list with more of them says of
// the others that there are some.
const COUNTED_TEAMS_MAX = 300;
const CALLS_AT_ONCE = 3;

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

// Numbers of an author that a call judges at most.
const NUMBERS_MAX = 4_096n;

// The author's events that are held.
async function heldOf(author: string, at: AtParam | undefined, signal: AbortSignal): Promise<number> {
  let held = 0;
  let next = 1n;
  let more = true;
  while (more) {
    const page = await api.query.listStandings({author: bytesOf(author), firstSequence: next, options: options(at)}, {signal});
    held += page.exceptions.filter((one) => one.standing === Standing.HELD).length;
    more = page.endSequence >= next + NUMBERS_MAX;
    next = page.endSequence;
  }
  return held;
}

// How many events of each team are held, told as they become known.
export async function countHeld(
  teams: readonly {readonly id: bigint; readonly authors: readonly string[]}[],
  at: AtParam | undefined,
  signal: AbortSignal,
  tell: (held: ReadonlyMap<bigint, number>) => void,
): Promise<void> {
  const held = new Map<bigint, number>();
  const waiting = teams.slice(0, COUNTED_TEAMS_MAX);
  const work = async (): Promise<void> => {
    for (let team = waiting.shift(); team !== undefined; team = waiting.shift()) {
      let sum = 0;
      for (const author of team.authors) sum += await heldOf(author, at, signal);
      held.set(team.id, sum);
      tell(new Map(held));
    }
  };
  await Promise.all(Array.from({length: CALLS_AT_ONCE}, work));
}
