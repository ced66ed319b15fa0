// The fold of a watch as watch_service.proto has it, once more and on its own:
// what the tests hold the server's, and the page's, word against.
import { createHash } from 'node:crypto';

import { watch as protos } from './protos.mjs';
import { PATIENCE_MS } from './wait.mjs';

const MODULUS = 1n << 256n;
const NAMES = protos.WatchStartReason;

const sized = (bytes) => {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(bytes.length);
  return [size, bytes];
};

// SHA-256 of one row, as a number.
export function rowDigest(key, row) {
  const hash = createHash('sha256');
  for (const part of [...sized(key), ...sized(row)]) hash.update(part);
  return BigInt(`0x${hash.digest('hex')}`);
}

export class BrokenPromise extends Error {}

function must(holds, what) {
  if (!holds) throw new BrokenPromise(what);
}

// The tables of one call. `take` throws BrokenPromise on whatever the protocol
// rules out, the digest included.
export class WatchFold {
  constructor() {
    this.tables = new Map(); // query -> key in hex -> row
    this.starts = []; // { query, reason }
    this.complete = new Set();
    this.position = -1n;
    this.token = new Uint8Array();
    this.digests = new Map();
    this.progressCount = 0;
    this.rowCount = 0;
  }

  // One response; true if it holds a PROGRESS.
  take(response) {
    for (const started of response.started) {
      this.starts.push({ query: started.queryId, reason: NAMES[started.reason] });
      if (started.clear || !this.tables.has(started.queryId)) this.tables.set(started.queryId, new Map());
      this.complete.delete(started.queryId);
      must(started.position >= this.position, `query ${started.queryId} starts behind PROGRESS`);
    }
    for (const { queryId, key, row, removed } of response.rows) {
      const table = this.tables.get(queryId);
      must(table !== undefined, `a row of query ${queryId}, which has not started`);
      const name = Buffer.from(key).toString('hex');
      this.rowCount += 1;
      if (removed) must(table.delete(name), `query ${queryId} removes a row that is not there`);
      else table.set(name, row);
    }
    for (const query of response.completeQueryIds) this.complete.add(query);
    if (response.progress !== undefined) this.#check(response.progress);
    return response.progress !== undefined;
  }

  #check(progress) {
    must(progress.position >= this.position, `PROGRESS falls from ${this.position} to ${progress.position}`);
    must(progress.tables.length === this.tables.size, `PROGRESS names ${progress.tables.length} tables`);
    for (const { queryId, rowCount, digest } of progress.tables) {
      must(this.complete.has(queryId), `PROGRESS before query ${queryId} is complete`);
      const table = this.tables.get(queryId);
      must(BigInt(table.size) === rowCount, `query ${queryId} has ${table.size} rows, PROGRESS says ${rowCount}`);
      let sum = 0n;
      for (const [key, row] of table) sum += rowDigest(Buffer.from(key, 'hex'), row);
      const mine = (sum % MODULUS).toString(16).padStart(64, '0');
      must(mine === Buffer.from(digest).toString('hex'), `the digest of query ${queryId} is another`);
      this.digests.set(queryId, mine);
    }
    this.position = progress.position;
    this.token = progress.resumeToken;
    this.localDate = progress.localDate;
    this.serverTimeMs = progress.serverTimeMs;
    this.progressCount += 1;
  }

  // { query: { key: row in hex } }, to be compared as a whole.
  content() {
    return Object.fromEntries([...this.tables].map(([query, table]) => [query,
      Object.fromEntries([...table].map(([key, row]) => [key, Buffer.from(row).toString('hex')]).sort())]));
  }
}

// Follows a call: a fold that grows until `stop` is called or the call ends.
export class Watcher {
  // resume: a fold to go on with, its token sent.
  constructor(face, request, { fold = new WatchFold(), headers, timeoutMs } = {}) {
    this.fold = fold;
    this.failure = undefined;
    this.ended = false;
    this.wakes = new Set();
    this.controller = new AbortController();
    const message = { ...request, ...(fold.token.length > 0 ? { resumeToken: fold.token } : {}) };
    this.finished = this.#follow(face.stream(protos.WatchService.method.watch, message,
      { signal: this.controller.signal, headers, timeoutMs }));
  }

  async #follow(stream) {
    try {
      for await (const response of stream) {
        if (this.fold.take(response)) this.#wake();
      }
    } catch (error) {
      this.failure = error;
    }
    this.ended = true;
    this.#wake();
  }

  #wake() {
    for (const wake of this.wakes) wake();
    this.wakes.clear();
  }

  // Until `holds(fold)` at a PROGRESS.
  async until(holds, patienceMs = PATIENCE_MS) {
    const end = Date.now() + patienceMs;
    while (!(this.fold.progressCount > 0 && holds(this.fold))) {
      if (this.ended) throw this.failure ?? new Error('the watch has ended');
      if (Date.now() > end) throw new Error(`no such PROGRESS; the last is at ${this.fold.position}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, end - Date.now());
        this.wakes.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this.fold;
  }

  reached(position) {
    return this.until((fold) => fold.position >= BigInt(position));
  }

  // Leaves; how the call ended.
  async stop() {
    this.controller.abort();
    await this.finished;
    return this.failure;
  }
}
