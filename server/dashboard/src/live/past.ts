// The area as it was: one Watch with as_of, folded and checked by the same code
// as the present, which the server ends after the snapshot.
import {create} from '@bufbuild/protobuf';
import {ConnectError, Code} from '@connectrpc/connect';
import {
  type WatchProgress,
  type WatchQuery,
  WatchRequestSchema,
} from '../gen/thon/v1/watch_service_pb';
import type {AtParam} from '../lib/url';
import {ModelBuilder} from '../model/builder';
import type {Model} from '../model/model';
import {asOf} from './api';
import {overallDigest} from './digest';
import {type Step, WatchFold} from './fold';
import {presenceQueries, queriesOf, soundingQueries, windowOf} from './queries';
import {STALE_MS} from './status';
import type {WatchCall} from './transport';

export interface Past {
  readonly model: Model;
  readonly digest: string; // as LiveStatus.digest
}

type GoodStep = Extract<Step, {ok: true}>;

// The tables of one moment. Throws ConnectError; DATA_LOSS if they are not what
// the server's digest says.
async function tablesAt(
  call: WatchCall,
  queries: WatchQuery[],
  at: AtParam,
  outer: AbortSignal,
): Promise<GoodStep> {
  const inner = new AbortController();
  const cut = (): void => inner.abort(outer.reason);
  outer.addEventListener('abort', cut, {once: true});
  if (outer.aborted) cut();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = (): void => {
    clearTimeout(timer);
    // The server may wait for its rows to reach the moment, as long as this.
    timer = setTimeout(() => {
      inner.abort(new ConnectError('nothing heard', Code.DeadlineExceeded));
    }, 2 * STALE_MS);
  };
  try {
    listen();
    const fold = new WatchFold(queries.map((query) => query.queryId));
    let found: GoodStep | undefined;
    const request = create(WatchRequestSchema, {queries, asOf: asOf(at)});
    inner.signal.throwIfAborted();
    for await (const response of call(request, inner.signal)) {
      inner.signal.throwIfAborted();
      listen();
      const step = fold.receive(response);
      if (step?.ok === false) {
        throw new ConnectError(`the tables are damaged: ${step.fault}`, Code.DataLoss);
      }
      found ??= step;
      if (found) break;
    }
    if (!found) throw new ConnectError('the stream ended before its tables', Code.DataLoss);
    return found;
  } finally {
    clearTimeout(timer);
    outer.removeEventListener('abort', cut);
    inner.abort();
  }
}

export async function loadPast(
  call: WatchCall,
  scope: bigint,
  at: AtParam,
  signal: AbortSignal,
): Promise<Past> {
  const sounding = await tablesAt(call, soundingQueries(scope), at, signal);
  const {position, localDate} = sounding.progress;
  const {firstMonth} = windowOf(localDate, Number(sounding.progress.tables[0].rowCount));
  // The position that the sounding found: a day that is not over yet gives the
  // same moment both times.
  const moment = 'date' in at && position > 0n ? {position} : at;
  const {progress, changes} = await tablesAt(call, queriesOf(scope, firstMonth), moment, signal);
  const builder = new ModelBuilder(scope);
  for (const change of changes) builder.absorb(change);
  return {
    model: builder.publish(momentOf(progress), firstMonth),
    digest: overallDigest(progress.tables.map((table) => table.digest)),
  };
}

export function momentOf(progress: WatchProgress): {
  position: bigint;
  serverTimeMs: number;
  localDate: number;
} {
  const {position, serverTimeMs, localDate} = progress;
  return {position, serverTimeMs: Number(serverTimeMs), localDate};
}

// The local day of a position, 0 where the area was not on the map yet: of one
// small table, not of all that a moment has. Throws what it cannot be known for;
// no error says that the area was not there.
export async function dayAt(
  call: WatchCall,
  scope: bigint,
  position: bigint,
  signal: AbortSignal,
): Promise<number> {
  const {progress} = await tablesAt(call, presenceQueries(scope), {position}, signal);
  return progress.tables[0].rowCount === 0n ? 0 : progress.localDate;
}
