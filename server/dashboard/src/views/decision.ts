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

export interface Decision {
  readonly target: HeldTarget;
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
  const {target} = decision;
  const reason = decision.reason.normalize('NFC').trim();
  const held =
    target.kind === 'event'
      ? create(HeldDecidedSchema, {
          author: target.author,
          firstSequence: target.sequence,
          lastSequence: target.sequence,
          counted: decision.counted,
          periodMonth: decision.counted ? decision.month : 0,
          reason,
        })
      : create(HeldDecidedSchema, {
          policyId: target.policyId,
          teamId: target.team,
          periodMonth: target.month,
          counted: decision.counted,
          reason,
        });
  const event = create(EventSchema, {teamId: target.team, payload: {case: 'heldDecided', value: held}});
  return create(SubmitRequestSchema, {events: [event], idempotencyKey, seenPosition});
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
        const outcome = response.outcomes[0];
        if (outcome === undefined || outcome.effective) return {kind: 'done', position: response.position};
        return {kind: 'lost', position: outcome.position, failure: outcome.failure, detail: outcome.detail};
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

function nameOf({target, counted, month, reason}: Decision): string {
  const what = target.kind === 'event' ? [hex(target.author), String(target.sequence)] : [target.policyId, String(target.month)];
  return JSON.stringify([target.kind, String(target.team), ...what, counted, month, reason.normalize('NFC').trim()]);
}

function newKey(): string {
  return `page-${hex(crypto.getRandomValues(new Uint8Array(16)))}`;
}
