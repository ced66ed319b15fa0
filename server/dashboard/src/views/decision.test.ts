// A decision is recorded once, by who may, in a month that the evidence allows.
// Method: the parts without a page, against a service that fails as told.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {create} from '@bufbuild/protobuf';
import {Code, ConnectError} from '@connectrpc/connect';
import {SubmitResponseSchema, type SubmitRequest, type SubmitResponse} from '../gen/thon/v1/command_service_pb';
import {Role} from '../gen/thon/v1/event_pb';
import {EventStandingSchema, Standing, StandingReason} from '../gen/thon/v1/log_pb';
import {GetViewerResponseSchema} from '../gen/thon/v1/query_service_pb';
import {CommandFailure, GrantRowSchema, UnitRowSchema} from '../gen/thon/v1/rows_pb';
import {dateOf} from '../lib/civil';
import {Decider, heldAlike, mayDecide, monthChoice, problemOf, type Decision, type HeldTarget} from './decision';

const EVENT: HeldTarget = {
  kind: 'event',
  team: 7n,
  author: new Uint8Array(16).fill(5),
  sequence: 12n,
  position: 99n,
  claimedDate: 0,
};
const MONTH: HeldTarget = {kind: 'month', team: 7n, policyId: 'YB-2023', month: 202310};
const COUNTS: Decision = {target: EVENT, counted: true, month: 202310, reason: ' Có biên bản '};

const grant = (role: Role, unitId: bigint, revoked = false) => create(GrantRowSchema, {role, unitId, revoked});
const path = [1n, 2n, 3n].map((unitId) => create(UnitRowSchema, {unitId}));
const viewer = (...grants: ReturnType<typeof grant>[]) => create(GetViewerResponseSchema, {grants});

test('An officer or operator of the area, or of the whole log, may decide; nobody else', () => {
  assert.ok(mayDecide(viewer(grant(Role.OFFICER, 2n)), path));
  assert.ok(mayDecide(viewer(grant(Role.OPERATOR, 0n)), path));
  assert.ok(mayDecide(viewer(grant(Role.READER, 1n), grant(Role.OFFICER, 3n)), path));
  assert.ok(!mayDecide(viewer(grant(Role.READER, 0n)), path));
  assert.ok(!mayDecide(viewer(grant(Role.OFFICER, 9n)), path));
  assert.ok(!mayDecide(viewer(grant(Role.OFFICER, 2n, true)), path));
  assert.ok(!mayDecide(viewer(), path));
  assert.ok(!mayDecide(undefined, path));
});

const ms = (year: number, month: number, day: number): bigint =>
  BigInt(dateOf(year, month, day) ?? assert.fail()) * 86_400_000n;

test('An event over two months needs one of them; the claimed month is offered beside the judged one', () => {
  const standing = create(EventStandingSchema, {
    standing: Standing.HELD,
    reason: StandingReason.TWO_MONTHS,
    earliestMs: ms(2023, 8, 30),
    latestMs: ms(2023, 10, 2),
    localDate: dateOf(2023, 10, 2) ?? 0,
  });
  assert.deepEqual(monthChoice(standing, 0), {months: [202308, 202309, 202310], needed: true});
  const backdated = create(EventStandingSchema, {
    standing: Standing.HELD,
    reason: StandingReason.BACKDATED,
    earliestMs: ms(2023, 10, 2),
    latestMs: ms(2023, 10, 2),
    localDate: dateOf(2023, 10, 2) ?? 0,
  });
  assert.deepEqual(monthChoice(backdated, dateOf(2023, 9, 1) ?? 0), {months: [202309, 202310], needed: false});
  assert.deepEqual(monthChoice(backdated, 0), {months: [], needed: false});
  const update = create(EventStandingSchema, {standing: Standing.HELD, reason: StandingReason.REVOKED_AUTHOR});
  assert.deepEqual(monthChoice(update, 0), {months: [], needed: false});
});

test('An event that is held no more is not decided', () => {
  assert.equal(monthChoice(undefined, 0), undefined);
  assert.equal(monthChoice(create(EventStandingSchema, {standing: Standing.NOT_COUNTED}), 0), undefined);
});

test('A choice, a month where one is needed and a reason must be there', () => {
  const free = {months: [], needed: false};
  const two = {months: [202309, 202310], needed: true};
  assert.equal(problemOf(undefined, 0, free, 'x'), 'choice');
  assert.equal(problemOf(true, 0, two, 'x'), 'month');
  assert.equal(problemOf(false, 0, two, 'x'), undefined);
  assert.equal(problemOf(true, 202309, two, '  '), 'reason');
  assert.equal(problemOf(true, 0, free, 'ế'.repeat(341)), undefined);
  assert.equal(problemOf(true, 0, free, 'ế'.repeat(342)), 'reasonLong');
});

const held = (sequence: bigint, reason: StandingReason, standing = Standing.HELD) =>
  create(EventStandingSchema, {sequence, reason, standing});

test('Events held for the same reason are decided together, and nothing between them is', () => {
  const reason = StandingReason.UNCONFIRMED_AUTHOR;
  const standings = [
    held(4n, reason),
    held(2n, reason),
    held(3n, reason),
    held(5n, StandingReason.BACKDATED),
    held(6n, reason, Standing.NOT_COUNTED),
    held(8n, reason),
  ];
  assert.deepEqual(heldAlike(standings, held(3n, reason)), {
    ranges: [{first: 2n, last: 4n}, {first: 8n, last: 8n}],
    count: 4,
  });
  assert.deepEqual(heldAlike([held(1n, StandingReason.TWO_MONTHS)], held(1n, StandingReason.TWO_MONTHS)).count, 0);
  const apart = Array.from({length: 300}, (_, index) => held(BigInt(2 * index + 1), reason));
  assert.equal(heldAlike(apart, held(1n, reason)).ranges.length, 256);
  assert.equal(heldAlike(apart, held(599n, reason)).count, 0, 'the event itself would be left out');
});

test('Of several decisions in one command the one that lost is told', async () => {
  const ranges = [{first: 2n, last: 4n}, {first: 8n, last: 8n}];
  const requests: SubmitRequest[] = [];
  const service = {
    submit(request: unknown): Promise<SubmitResponse> {
      requests.push(request as SubmitRequest);
      return Promise.resolve(
        create(SubmitResponseSchema, {
          position: 201n,
          outcomes: [
            {position: 200n, effective: true},
            {position: 201n, effective: false, failure: CommandFailure.PRECONDITION, detail: 'nothing is held'},
          ],
        }),
      );
    },
  };
  const outcome = await new Decider(service, noWait).decide({...COUNTS, month: 0, ranges}, 1n);
  assert.deepEqual(outcome, {kind: 'lost', position: 201n, failure: CommandFailure.PRECONDITION, detail: 'nothing is held'});
  assert.deepEqual(
    requests[0]?.events.map(({payload}) => payload.case === 'heldDecided' && [payload.value.firstSequence, payload.value.lastSequence]),
    [[2n, 4n], [8n, 8n]],
  );
});

type Answer = ConnectError | {effective: boolean; failure?: CommandFailure; detail?: string};

function serviceOf(...answers: Answer[]) {
  const requests: SubmitRequest[] = [];
  return {
    requests,
    submit(request: unknown): Promise<SubmitResponse> {
      requests.push(request as SubmitRequest);
      const answer = answers.shift() ?? assert.fail('no answer is left');
      if (answer instanceof ConnectError) return Promise.reject(answer);
      return Promise.resolve(create(SubmitResponseSchema, {position: 200n, outcomes: [{position: 200n, ...answer}]}));
    },
  };
}

const noWait = (): Promise<void> => Promise.resolve();
const lost = new ConnectError('no answer', Code.Unavailable);

test('What is sent names the event, the month, the reason in NFC and what was seen', async () => {
  const service = serviceOf({effective: true});
  const outcome = await new Decider(service, noWait).decide({...COUNTS, reason: ' Co\u0301 biên bản '}, 150n);
  assert.deepEqual(outcome, {kind: 'done', position: 200n});
  const [request] = service.requests;
  assert.equal(request?.seenPosition, 150n);
  assert.match(request?.idempotencyKey ?? '', /^.{1,60}$/);
  const payload = request?.events[0]?.payload;
  assert.equal(request?.events.length, 1);
  assert.equal(request?.events[0]?.teamId, 7n);
  assert.equal(payload?.case, 'heldDecided');
  assert.deepEqual(payload?.value, {
    ...payload?.value,
    author: EVENT.author,
    firstSequence: 12n,
    lastSequence: 12n,
    counted: true,
    periodMonth: 202310,
    reason: 'Có biên bản',
    policyId: '',
    teamId: 0n,
  } as never);
});

test('A month is decided by policy, team and month; what does not count names no month of an event', async () => {
  const service = serviceOf({effective: true}, {effective: true});
  const decider = new Decider(service, noWait);
  await decider.decide({target: MONTH, counted: false, month: 0, reason: 'x'}, 1n);
  await decider.decide({...COUNTS, counted: false}, 1n);
  const [month, event] = service.requests.map((request) => request.events[0]?.payload);
  assert.ok(month?.case === 'heldDecided' && event?.case === 'heldDecided');
  assert.deepEqual(
    [month.value.policyId, month.value.teamId, month.value.periodMonth, month.value.author.length, month.value.counted],
    ['YB-2023', 7n, 202310, 0, false],
  );
  assert.equal(event.value.periodMonth, 0);
});

test('Retries, also those a person asks for, go under the first key; another decision under its own', async () => {
  const service = serviceOf(lost, lost, lost, lost, {effective: true}, {effective: true});
  const decider = new Decider(service, noWait);
  const first = await decider.decide(COUNTS, 1n);
  assert.equal(first.kind, 'uncertain');
  assert.equal(service.requests.length, 3);
  const second = await decider.decide({...COUNTS, reason: 'Có biên bản'}, 1n);
  assert.equal(second.kind, 'done');
  assert.equal(new Set(service.requests.map((request) => request.idempotencyKey)).size, 1);
  await decider.decide(COUNTS, 1n);
  assert.equal(new Set(service.requests.map((request) => request.idempotencyKey)).size, 2, 'a key is for one success');
});

test('A refusal is not tried again and its words are told', async () => {
  for (const code of [Code.PermissionDenied, Code.FailedPrecondition, Code.InvalidArgument, Code.AlreadyExists]) {
    const service = serviceOf(new ConnectError('nothing to decide', code));
    const outcome = await new Decider(service, noWait).decide(COUNTS, 1n);
    assert.deepEqual(outcome, {kind: 'refused', detail: 'nothing to decide'});
    assert.equal(service.requests.length, 1);
  }
});

test('A command that lost says why', async () => {
  const service = serviceOf({effective: false, failure: CommandFailure.STALE, detail: 'the author changed'});
  assert.deepEqual(await new Decider(service, noWait).decide(COUNTS, 1n), {
    kind: 'lost',
    position: 200n,
    failure: CommandFailure.STALE,
    detail: 'the author changed',
  });
});
