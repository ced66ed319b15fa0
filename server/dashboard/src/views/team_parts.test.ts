// The parts of a team's page and of the feed that decide what is shown.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {create} from '@bufbuild/protobuf';
import {Seat} from '../gen/thon/v1/event_pb';
import {DerivationSchema, ExplainedEventSchema} from '../gen/thon/v1/policy_pb';
import {ListTeamEventsResponseSchema, TeamEventSchema} from '../gen/thon/v1/query_service_pb';
import {TeamRowSchema} from '../gen/thon/v1/rows_pb';
import {DeterminationState, emptyModel, type EventView} from '../model/model';
import {contactsOf} from './contacts';
import {isOfKind, kindOf, waitingSince} from './feed_kinds';
import {assumptionsOf, groupsOf} from './team_explanation';
import {daysOfBits, monthLines} from './month_lines';
import {appended, daysOf, readFirst} from './team_timeline';

const teamEvent = (position: bigint, receiveTimeMs = 0n) => create(TeamEventSchema, {position, receiveTimeMs});
const page = (positions: bigint[], nextPageToken: string, at = 500n) =>
  create(ListTeamEventsResponseSchema, {position: at, nextPageToken, events: positions.map((one) => teamEvent(one))});

test('A timeline that is read anew holds as many events as before, in pages of at most 500', async () => {
  const asked: [number, string][] = [];
  const loaded = await readFirst(700, (size, token) => {
    asked.push([size, token]);
    const first = token === '' ? 1_000n : 500n;
    return Promise.resolve(page(Array.from({length: size}, (_, index) => first - BigInt(index)), `after ${size}`, token === '' ? 500n : 501n));
  });
  assert.deepEqual(asked, [[500, ''], [200, 'after 500']]);
  assert.equal(loaded.events.length, 700);
  assert.equal(loaded.next, 'after 200');
  assert.equal(loaded.position, 500n, 'the position of the newest page');
});

test('A timeline ends where the log does', async () => {
  const loaded = await readFirst(100, () => Promise.resolve(page([3n, 2n], '')));
  assert.deepEqual([loaded.events.length, loaded.next], [2, '']);
});

test('A page behind the others adds each event once', () => {
  const loaded = {events: [teamEvent(9n), teamEvent(8n)], next: 'a', position: 9n};
  const more = appended(loaded, page([8n, 7n], 'b'));
  assert.deepEqual(more.events.map((event) => event.position), [9n, 8n, 7n]);
  assert.equal(more.next, 'b');
});

test('Events stand under the day they were received in Việt Nam', () => {
  const midnight = 1_685_552_400_000n; // 01/06/2023 00:00
  const days = daysOf([teamEvent(3n, midnight + 1n), teamEvent(2n, midnight), teamEvent(1n, midnight - 1n)]);
  assert.deepEqual(days.map((day) => day.events.map((event) => event.position)), [[3n, 2n], [1n]]);
  assert.equal(days[0]!.date - days[1]!.date, 1);
});

test('Events of a step are those that counted, those held, and those set aside', () => {
  const events = ['COUNTED', 'HELD', 'NOT_COUNTED', 'QUARANTINED', 'COUNTED'].map((standing, index) =>
    create(ExplainedEventSchema, {standing, position: BigInt(index)}),
  );
  const groups = groupsOf(events);
  assert.deepEqual(
    [groups.counted, groups.held, groups.aside].map((group) => group.map((event) => event.position)),
    [[0n, 4n], [1n], [2n, 3n]],
  );
});

test('Assumptions are found however deep they stand', () => {
  const tree = create(DerivationSchema, {
    steps: [{assumption: 'a'}, {steps: [{assumption: 'b', steps: [{source: 'Điều 2'}]}]}],
  });
  assert.deepEqual(assumptionsOf(tree), ['a', 'b']);
});

test('A month is listed if the team did anything in it, or if anything is determined about it', () => {
  const determination = {
    policyId: 'YB-2023',
    kind: 'team' as const,
    beneficiary: 1n,
    month: 202309,
    state: DeterminationState.REJECTED,
    amount: 0n,
    reasons: [],
  };
  const model = {
    ...emptyModel,
    months: new Map([[1n, new Map([[202310, {month: 202310} as never]])]]),
    determinations: new Map([[1n, [determination]]]),
  };
  assert.deepEqual(monthLines(model, 1n).map((line) => [line.month, line.view !== undefined, line.determinations.length]), [
    [202310, true, 0],
    [202309, false, 1],
  ]);
  assert.deepEqual(monthLines(model, 2n), []);
});

test('Bit d - 1 is day d, the thirty-first included', () => {
  assert.deepEqual(daysOfBits(((1 << 30) | 1 | (1 << 11)) >>> 0), [1, 12, 31]);
  assert.deepEqual(daysOfBits(0), []);
});

test('The contacts of a team are its leader and deputies of today, else who is a member', () => {
  const member = (memberId: bigint, seat: Seat, joinedDate = 10, leftDate = 0) => ({memberId, seat, joinedDate, leftDate});
  const team = create(TeamRowSchema, {
    members: [member(1n, Seat.MEMBER), member(2n, Seat.LEADER, 10, 100), member(3n, Seat.DEPUTY), member(4n, Seat.LEADER, 100)],
  });
  assert.deepEqual(contactsOf(team, 100).map((one) => one.member), [4n, 3n]);
  assert.deepEqual(contactsOf(team, 99).map((one) => one.member), [2n, 3n]);
  assert.deepEqual(contactsOf(team, 5), []);
});

const event = (position: bigint, type: number): EventView => ({
  position,
  receiveTimeMs: 0,
  author: '',
  team: 0n,
  organisation: 0n,
  member: 0n,
  type,
});

test('A feed is filtered by one payload or by a group of them', () => {
  assert.ok(isOfKind(event(1n, 35), ''));
  assert.ok(isOfKind(event(1n, 35), 'activity'));
  assert.ok(isOfKind(event(1n, 35), 'outreach_session'));
  assert.ok(!isOfKind(event(1n, 35), 'update'));
  assert.ok(isOfKind(event(1n, 9_999), 'log'), 'what is not known stands with the log');
  assert.equal(kindOf('money'), 'money');
  assert.equal(kindOf('household_visit'), 'household_visit');
  assert.equal(kindOf('quiet'), '');
});

test('While paused it counts what waits, and says when more came than are kept', () => {
  const events = [event(9n, 35), event(8n, 82), event(7n, 35), event(6n, 35)];
  assert.deepEqual(waitingSince(events, 6n, ''), {count: 3, atLeast: false});
  assert.deepEqual(waitingSince(events, 6n, 'activity'), {count: 2, atLeast: false});
  assert.deepEqual(waitingSince(events, 9n, ''), {count: 0, atLeast: false});
  const full = Array.from({length: 200}, (_, index) => event(BigInt(1_000 - index), 35));
  assert.deepEqual(waitingSince(full, 3n, ''), {count: 200, atLeast: true});
});
