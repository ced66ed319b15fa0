// The tables of a watch: what proto/thon/v1/watch_service.proto asks of a
// caller, with nothing that belongs to a transport or to a screen.
//
// Responses are kept until a PROGRESS comes and are applied then, all at once,
// so that a table is never between two moments, and a call that is cut off
// leaves the tables where its last resume token says.
import type {
  WatchedTable,
  WatchProgress,
  WatchResponse,
} from '../gen/thon/v1/watch_service_pb';
import {equalBytes, TableDigest} from './digest';

// A key as a map's key: one character a byte.
export function keyText(key: Uint8Array): string {
  let text = '';
  for (const byte of key) text += String.fromCharCode(byte);
  return text;
}

export function keyBytes(text: string): Uint8Array {
  const key = new Uint8Array(text.length);
  for (let i = 0; i < key.length; ++i) key[i] = text.charCodeAt(i);
  return key;
}

// The table of one query, and its digest.
export class TableFold {
  private readonly digest = new TableDigest();
  private readonly byKey = new Map<string, Uint8Array>();

  // Row by keyText().
  get rows(): ReadonlyMap<string, Uint8Array> {
    return this.byKey;
  }

  clear(): void {
    this.byKey.clear();
    this.digest.clear();
  }

  // Keeps a copy of `row`: the caller's is a view into a whole response, which
  // it would keep alive.
  set(key: Uint8Array, row: Uint8Array): void {
    const text = keyText(key);
    const before = this.byKey.get(text);
    if (before) this.digest.remove(key, before);
    this.byKey.set(text, row.slice());
    this.digest.add(key, row);
  }

  // Returns false if there is no such row.
  remove(key: Uint8Array): boolean {
    const text = keyText(key);
    const before = this.byKey.get(text);
    if (!before) return false;
    this.digest.remove(key, before);
    this.byKey.delete(text);
    return true;
  }

  digestBytes(): Uint8Array {
    return this.digest.bytes();
  }

  // Whether the table is what the server says it is.
  check(said: WatchedTable): boolean {
    return (
      said.rowCount === BigInt(this.byKey.size) && equalBytes(said.digest, this.digest.bytes())
    );
  }
}

// What a step did to a table: `cleared` first, then the rows by keyText(), each
// key once; a row that is undefined was removed.
export interface TableChange {
  readonly queryId: number;
  readonly cleared: boolean;
  readonly rows: ReadonlyMap<string, Uint8Array | undefined>;
}

// What is wrong with a stream. Its tables cannot be trusted any more.
export type Fault =
  | 'digest' // a table's digest or number of rows is not the server's
  | 'unknown-query' // a response speaks of a query that was not asked
  | 'tables-missing' // a PROGRESS does not speak of each query once
  | 'position-fell';

export type Step =
  | {readonly ok: true; readonly progress: WatchProgress; readonly changes: readonly TableChange[]}
  | {readonly ok: false; readonly fault: Fault; readonly queryId: number};

interface Change {
  cleared: boolean;
  rows: Map<string, Uint8Array | undefined>;
}

// The tables of all queries of one watch.
export class WatchFold {
  private readonly tablesById = new Map<number, TableFold>();
  private waiting: WatchResponse[] = [];
  private progress: WatchProgress | undefined;

  // `queryIds` in the order of the request.
  constructor(queryIds: readonly number[]) {
    for (const id of queryIds) this.tablesById.set(id, new TableFold());
  }

  get tables(): ReadonlyMap<number, TableFold> {
    return this.tablesById;
  }

  // The last PROGRESS that was applied.
  get last(): WatchProgress | undefined {
    return this.progress;
  }

  // Empty before the first PROGRESS.
  get resumeToken(): Uint8Array {
    return this.progress?.resumeToken ?? new Uint8Array();
  }

  // Takes the next response. Returns what changed when it brings a PROGRESS,
  // undefined otherwise. After a fault the tables are not to be used.
  receive(response: WatchResponse): Step | undefined {
    this.waiting.push(response);
    if (!response.progress) return undefined;
    const responses = this.waiting;
    this.waiting = [];
    return this.apply(responses, response.progress);
  }

  // Forgets what came after the last PROGRESS. Before the resume token is used.
  forget(): void {
    this.waiting = [];
  }

  private apply(responses: WatchResponse[], progress: WatchProgress): Step {
    const changes = new Map<number, Change>();
    for (const response of responses) {
      const unknown = this.applyOne(response, changes);
      if (unknown !== undefined) return {ok: false, fault: 'unknown-query', queryId: unknown};
    }
    const wrong = this.check(progress);
    if (wrong) return wrong;
    this.progress = progress;
    return {
      ok: true,
      progress,
      changes: [...changes].map(([queryId, change]) => ({queryId, ...change})),
    };
  }

  // Returns the number of a query that was not asked, if there is one.
  private applyOne(response: WatchResponse, changes: Map<number, Change>): number | undefined {
    const changeOf = (queryId: number): Change => {
      let change = changes.get(queryId);
      if (!change) changes.set(queryId, (change = {cleared: false, rows: new Map()}));
      return change;
    };
    for (const started of response.started) {
      const table = this.tablesById.get(started.queryId);
      if (!table) return started.queryId;
      if (!started.clear) continue;
      table.clear();
      const change = changeOf(started.queryId);
      change.cleared = true;
      change.rows.clear();
    }
    for (const {queryId, key, row, removed} of response.rows) {
      const table = this.tablesById.get(queryId);
      if (!table) return queryId;
      if (removed) {
        table.remove(key);
      } else {
        table.set(key, row);
      }
      changeOf(queryId).rows.set(keyText(key), removed ? undefined : row);
    }
    return response.completeQueryIds.find((id) => !this.tablesById.has(id));
  }

  private check(progress: WatchProgress): Step | undefined {
    if (this.progress && progress.position < this.progress.position) {
      return {ok: false, fault: 'position-fell', queryId: 0};
    }
    if (progress.tables.length !== this.tablesById.size) {
      return {ok: false, fault: 'tables-missing', queryId: 0};
    }
    const seen = new Set<number>();
    for (const said of progress.tables) {
      const table = this.tablesById.get(said.queryId);
      if (!table || seen.has(said.queryId)) {
        return {ok: false, fault: 'tables-missing', queryId: said.queryId};
      }
      seen.add(said.queryId);
      if (!table.check(said)) return {ok: false, fault: 'digest', queryId: said.queryId};
    }
    return undefined;
  }
}
