// A decision of what is held: who may make it, what is sent, and what came of
// it. No page in here.
//
// A decision is sent under an idempotency key that belongs to what it says. As
// long as it is not known whether the server recorded it, the same words go
// under the same key, so that it is recorded once however often it is sent.
import {create} from '@bufbuild/protobuf';
import {Code, ConnectError} from '@connectrpc/connect';
import {CommandService, SubmitRequestSchema, type SubmitRequest} from '../gen/thon/v1/command_service_pb';
import {EventSchema, HeldDecidedSchema, Role} from '../gen/thon/v1/event_pb';
import {Standing, StandingReason, type EventStanding} from '../gen/thon/v1/log_pb';
import type {GetViewerResponse} from '../gen/thon/v1/query_service_pb';
import {CommandFailure, type UnitRow} from '../gen/thon/v1/rows_pb';
import {dateOfInstant, monthOf, monthsFrom} from '../lib/civil';
import type {Client} from '@connectrpc/connect';

// An event of an author, or a team's month under a policy.
export type HeldTarget =
  | {
      readonly kind: 'event';
      readonly team: bigint;
      readonly author: Uint8Array;
      readonly sequence: bigint;
      readonly position: bigint;
      readonly claimedDate: number; // 0 if none
    }
  | {readonly kind: 'month'; readonly team: bigint; readonly policyId: string; readonly month: number};

// Numbers of an author, both included.
export interface Range {
  readonly first: bigint;
  readonly last: bigint;
}

export interface Decision {
  readonly target: HeldTarget;
  // Events of the author that it is about; not given: the target alone.
  readonly ranges?: readonly Range[];
  readonly counted: boolean; // of a month: it is paid
  readonly month: number; // of an event: where it counts; 0 as judged
  readonly reason: string;
}

export const REASON_BYTES_MAX = 1_024;

// Whether the viewer may decide in the unit that `path` ends at: a grant of an
// officer or an operator, of the whole log or of a unit of the path. The server
// asks again.
export function mayDecide(viewer: GetViewerResponse | undefined, path: readonly UnitRow[]): boolean {
  if (viewer === undefined) return false;
  const units = new Set(path.map((unit) => unit.unitId));
  return viewer.grants.some(
    (grant) =>
      !grant.revoked &&
      (grant.role === Role.OPERATOR || grant.role === Role.OFFICER) &&
      (grant.unitId === 0n || units.has(grant.unitId)),
  );
}

export interface MonthChoice {
  readonly months: readonly number[]; // those that the evidence allows
  readonly needed: boolean; // one must be named for the event to count
}

// Where a held event may count. Undefined if it is not held.
export function monthChoice(standing: EventStanding | undefined, claimedDate: number): MonthChoice | undefined {
  if (standing === undefined || standing.standing !== Standing.HELD) return undefined;
  const months = new Set<number>();
  if (standing.earliestMs !== 0n && standing.latestMs !== 0n) {
    const first = monthOf(dateOfInstant(Number(standing.earliestMs)));
    const last = monthOf(dateOfInstant(Number(standing.latestMs)));
    // An interval without a sound beginning may be years long; the newest count.
    for (const month of monthsFrom(first, last).slice(-24)) months.add(month);
  }
  if (standing.reason === StandingReason.TWO_MONTHS) return {months: [...months], needed: true};
  // An event that belongs to no day, such as an update, has its own month.
  if (standing.localDate === 0) return {months: [], needed: false};
  if (claimedDate !== 0) months.add(monthOf(claimedDate));
  return {months: months.size > 1 ? [...months].sort((a, b) => a - b) : [], needed: false};
}

// As many events as one command may hold.
const RANGES_MAX = 256;

export interface Others {
  readonly ranges: readonly Range[]; // the event itself among them
  readonly count: number;
}

// The events of the author that are held for the same reason as `standing`, as
// ranges without a gap: what is not held now is not decided for later. None if
// each of them needs a month of its own.
export function heldAlike(standings: readonly EventStanding[], standing: EventStanding): Others {
  const ranges: {first: bigint; last: bigint}[] = [];
  let count = 0;
  if (standing.reason === StandingReason.TWO_MONTHS) return {ranges, count};
  const alike = standings.filter((one) => one.standing === Standing.HELD && one.reason === standing.reason);
  for (const {sequence} of alike.sort((a, b) => (a.sequence < b.sequence ? -1 : 1))) {
    const last = ranges.at(-1);
    if (last !== undefined && last.last + 1n === sequence) {
      last.last = sequence;
    } else if (ranges.length < RANGES_MAX) {
      ranges.push({first: sequence, last: sequence});
    } else {
      break;
    }
    ++count;
  }
  // Too many ranges for one command, and the event behind them.
  const inside = ranges.some((range) => range.first <= standing.sequence && standing.sequence <= range.last);
  return inside ? {ranges, count} : {ranges: [], count: 0};
}

export type Problem = 'choice' | 'month' | 'reason' | 'reasonLong';

// What is missing before it can be sent.
export function problemOf(counted: boolean | undefined, month: number, choice: MonthChoice, reason: string): Problem | undefined {
  if (counted === undefined) return 'choice';
  if (counted && choice.needed && month === 0) return 'month';
  const text = reason.normalize('NFC').trim();
  if (text === '') return 'reason';
  if (new TextEncoder().encode(text).length > REASON_BYTES_MAX) return 'reasonLong';
  return undefined;
}

export function requestOf(decision: Decision, seenPosition: bigint, idempotencyKey: string): SubmitRequest {
  const {target, counted} = decision;
  const reason = decision.reason.normalize('NFC').trim();
  const words =
    target.kind === 'month'
      ? [{policyId: target.policyId, teamId: target.team, periodMonth: target.month}]
      : (decision.ranges ?? [{first: target.sequence, last: target.sequence}]).map((range) => ({
          author: target.author,
          firstSequence: range.first,
          lastSequence: range.last,
          periodMonth: counted ? decision.month : 0,
        }));
  const events = words.map((one) =>
    create(EventSchema, {
      teamId: target.team,
      payload: {case: 'heldDecided', value: create(HeldDecidedSchema, {...one, counted, reason})},
    }),
  );
  return create(SubmitRequestSchema, {events, idempotencyKey, seenPosition});
}

export type Outcome =
  | {readonly kind: 'done'; readonly position: bigint}
  | {readonly kind: 'lost'; readonly position: bigint; readonly failure: CommandFailure; readonly detail: string}
  | {readonly kind: 'refused'; readonly detail: string}
  | {readonly kind: 'uncertain'; readonly detail: string};

// Codes with which the server says that nothing was recorded.
const REFUSALS: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.PermissionDenied,
  Code.Unauthenticated,
  Code.FailedPrecondition,
  Code.AlreadyExists,
  Code.NotFound,
  Code.OutOfRange,
  Code.ResourceExhausted,
  Code.Unimplemented,
]);

const RETRY_MS: readonly number[] = [500, 1_500];

// Sends decisions, each under a key of its own.
export class Decider {
  private readonly keys = new Map<string, string>();

  constructor(
    private readonly commands: Pick<Client<typeof CommandService>, 'submit'>,
    private readonly sleep: (ms: number) => Promise<void> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  ) {}

  // Never throws. After 'uncertain' the same decision goes under the same key.
  async decide(decision: Decision, seenPosition: bigint): Promise<Outcome> {
    const what = nameOf(decision);
    const key = this.keys.get(what) ?? newKey();
    this.keys.set(what, key);
    const request = requestOf(decision, seenPosition, key);
    for (let tries = 0; ; ++tries) {
      try {
        const response = await this.commands.submit(request);
        this.keys.delete(what);
        const lost = response.outcomes.find((outcome) => !outcome.effective);
        if (lost === undefined) return {kind: 'done', position: response.position};
        return {kind: 'lost', position: lost.position, failure: lost.failure, detail: lost.detail};
      } catch (error) {
        const failure = ConnectError.from(error);
        const detail = failure.rawMessage === '' ? Code[failure.code] : failure.rawMessage;
        // After a try that may have been recorded, a refusal of a later one says
        // nothing about the first, except that the key stands for both.
        if (REFUSALS.has(failure.code)) {
          this.keys.delete(what);
          return {kind: 'refused', detail};
        }
        const wait = RETRY_MS[tries];
        if (wait === undefined) return {kind: 'uncertain', detail};
        await this.sleep(wait);
      }
    }
  }
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

function nameOf({target, ranges, counted, month, reason}: Decision): string {
  const what =
    target.kind === 'event'
      ? [hex(target.author), String(target.sequence), ...(ranges ?? []).map((range) => `${range.first}-${range.last}`)]
      : [target.policyId, String(target.month)];
  return JSON.stringify([target.kind, String(target.team), ...what, counted, month, reason.normalize('NFC').trim()]);
}

function newKey(): string {
  return `page-${hex(crypto.getRandomValues(new Uint8Array(16)))}`;
}
