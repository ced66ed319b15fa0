// A server of watches for tests: its tables are what the test says, and what it
// sends follows proto/thon/v1/watch_service.proto. Digests are computed here a
// second time, with Node's SHA-256 and without the page's code.
import {createHash} from 'node:crypto';
import {create} from '@bufbuild/protobuf';
import {Code, ConnectError} from '@connectrpc/connect';
import {
  type WatchRequest,
  WatchRequestSchema,
  type WatchResponse,
  WatchResponseSchema,
  WatchStartReason,
} from '../gen/thon/v1/watch_service_pb';
import type {WatchCall} from '../live/transport';

type Bytes = Uint8Array;
type Table = Map<string, Bytes>; // hex of the key -> row

export function digestOf(table: Iterable<readonly [string, Bytes]>): Bytes {
  let sum = 0n;
  for (const [keyHex, row] of table) {
    const key = Buffer.from(keyHex, 'hex');
    const sizes = [key.length, row.length].map((size) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(size);
      return bytes;
    });
    const hash = createHash('sha256').update(sizes[0]).update(key).update(sizes[1]).update(row);
    sum += BigInt(`0x${hash.digest('hex')}`);
  }
  const hex = (sum % (1n << 256n)).toString(16).padStart(64, '0');
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

// One call of a client.
export class FakeStream {
  open = true;
  private readonly queue: WatchResponse[] = [];
  private ended: {error: unknown} | undefined;
  private wake: (() => void) | undefined;

  constructor(
    readonly request: WatchRequest,
    private readonly server: FakeWatchServer,
    signal: AbortSignal,
  ) {
    const cut = (): void => this.end(new ConnectError('cut off', Code.Canceled));
    signal.addEventListener('abort', cut);
    if (signal.aborted) cut();
  }

  get queryIds(): number[] {
    return this.request.queries.map((query) => query.queryId);
  }

  get hasToken(): boolean {
    return this.request.resumeToken.length > 0;
  }

  push(response: WatchResponse): void {
    this.queue.push(response);
    this.wake?.();
  }

  // Ends the call; without an error, as if with OK.
  end(error?: unknown): void {
    if (!this.open) return;
    this.open = false;
    this.ended = {error};
    this.wake?.();
  }

  // All rows of all queries, cleared first; no PROGRESS.
  snapshot(): void {
    for (const queryId of this.queryIds) this.restart(queryId, WatchStartReason.FRESH);
  }

  // The query starts again: its rows of now, cleared first; no PROGRESS.
  restart(queryId: number, reason: WatchStartReason): void {
    this.push(
      create(WatchResponseSchema, {
        started: [{queryId, clear: true, reason, position: this.server.position}],
        rows: [...this.server.table(queryId)].map(([key, row]) => ({
          queryId,
          key: Uint8Array.from(Buffer.from(key, 'hex')),
          row,
        })),
        completeQueryIds: [queryId],
      }),
    );
  }

  // Rows, as a step sends them; `row` undefined is a removal.
  rows(queryId: number, rows: readonly (readonly [string, Bytes | undefined])[]): void {
    this.push(
      create(WatchResponseSchema, {
        rows: rows.map(([key, row]) => ({
          queryId,
          key: Uint8Array.from(Buffer.from(key, 'hex')),
          row: row ?? new Uint8Array(),
          removed: row === undefined,
        })),
      }),
    );
  }

  progress(): void {
    this.push(this.server.progressFor(this.queryIds));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchResponse> {
    for (;;) {
      const next = this.queue.shift();
      if (next) {
        yield next;
      } else if (this.ended) {
        if (this.ended.error !== undefined) throw this.ended.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
        this.wake = undefined;
      }
    }
  }
}

export class FakeWatchServer {
  position = 100n;
  timeMs = 1_790_000_000_000n;
  localDate = 20_700; // 04/09/2026
  readonly streams: FakeStream[] = [];
  // What a new call is met with; by default, as the server does it.
  onCall: (stream: FakeStream) => void = (stream) => this.welcome(stream);
  private readonly tables = new Map<number, Table>();

  readonly call: WatchCall = (request, signal) => {
    const stream = new FakeStream(request, this, signal);
    this.streams.push(stream);
    this.onCall(stream);
    return stream;
  };

  // Snapshot or, with a token, what changed since: here nothing, as a test
  // changes tables while a stream is open.
  welcome(stream: FakeStream): void {
    if (stream.hasToken) {
      this.position = this.position > tokenPosition(stream) ? this.position : tokenPosition(stream);
      stream.push(
        create(WatchResponseSchema, {
          started: stream.queryIds.map((queryId) => ({
            queryId,
            reason: WatchStartReason.RESUMED,
          })),
          completeQueryIds: stream.queryIds,
        }),
      );
    } else {
      stream.snapshot();
    }
    stream.progress();
  }

  // A stream that nobody reads: everything sent to it is in `sent`.
  record(queryIds: readonly number[]): {stream: FakeStream; sent: WatchResponse[]} {
    const sent: WatchResponse[] = [];
    const request = create(WatchRequestSchema, {queries: queryIds.map((queryId) => ({queryId}))});
    const stream = new FakeStream(request, this, new AbortController().signal);
    stream.push = (response) => sent.push(response);
    this.streams.push(stream);
    this.welcome(stream);
    return {stream, sent};
  }

  get last(): FakeStream {
    const stream = this.streams.at(-1);
    if (!stream) throw new Error('nobody has called');
    return stream;
  }

  // The calls that are not over.
  get openStreams(): FakeStream[] {
    return this.streams.filter((stream) => stream.open);
  }

  table(queryId: number): Table {
    let table = this.tables.get(queryId);
    if (!table) this.tables.set(queryId, (table = new Map()));
    return table;
  }

  // Changes a row, and tells every open stream; no PROGRESS.
  set(queryId: number, key: string, row: Bytes | undefined): void {
    if (row) {
      this.table(queryId).set(key, row);
    } else {
      this.table(queryId).delete(key);
    }
    ++this.position;
    for (const stream of this.openStreams) {
      if (stream.queryIds.includes(queryId)) stream.rows(queryId, [[key, row]]);
    }
  }

  progress(): void {
    this.timeMs += 1000n;
    for (const stream of this.openStreams) stream.progress();
  }

  progressFor(queryIds: readonly number[]): WatchResponse {
    return create(WatchResponseSchema, {
      progress: {
        position: this.position,
        serverTimeMs: this.timeMs,
        localDate: this.localDate,
        resumeToken: new TextEncoder().encode(`token ${this.position}`),
        tables: queryIds.map((queryId) => ({
          queryId,
          rowCount: BigInt(this.table(queryId).size),
          digest: digestOf(this.table(queryId)),
        })),
      },
    });
  }
}

function tokenPosition(stream: FakeStream): bigint {
  return BigInt(new TextDecoder().decode(stream.request.resumeToken).replace('token ', ''));
}
