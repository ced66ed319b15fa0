// For tests only: stands between a browser and thond, and lies when told to.
//
// It forwards HTTP as it is, but for the answers of WatchService.Watch, which it
// reads as gRPC-Web frames (binary). There it can turn a bit within a row, fall
// silent with the connection open, and count what is open. The messages of other
// calls it changes as a test says.
import { createServer, request as httpRequest } from 'node:http';
import { fromBinary, toBinary } from '@bufbuild/protobuf';

import { watch } from './lib/protos.mjs';

const WATCH = '/thon.v1.WatchService/Watch';

export class CorruptingProxy {
  // `server`: a Thond in plain text.
  static start(server) {
    const proxy = new CorruptingProxy(server);
    return new Promise((resolve, reject) => {
      proxy.http.once('error', reject);
      proxy.http.listen(0, '127.0.0.1', () => resolve(proxy));
    });
  }

  constructor(server) {
    this.server = server;
    this.corruptions = 0; // Responses still to be spoilt.
    this.spoilt = 0; // And those that were.
    this.changes = new Map(); // Path of a call -> what becomes of a message's bytes.
    this.silent = false;
    this.refusing = false; // Breaks off every new request.
    this.requests = []; // Paths, as they came.
    this.lastWatch = undefined; // The message, as bytes.
    this.openWatches = new Set();
    this.openWatchesMost = 0;
    this.http = createServer((from, to) => this.#serve(from, to));
  }

  get url() {
    return `http://127.0.0.1:${this.http.address().port}`;
  }

  count(path) {
    return this.requests.filter((one) => one === path).length;
  }

  #serve(from, to) {
    const path = from.url.split('?')[0];
    this.requests.push(path);
    if (this.refusing) {
      to.destroy();
      return;
    }
    const upstream = httpRequest({ host: '127.0.0.1', port: this.server.ports.http, method: from.method, path: from.url,
      headers: from.headers, agent: false }, (answer) => {
      const isWatch = path === WATCH && answer.statusCode === 200;
      const change = this.changes.get(path);
      const headers = { ...answer.headers };
      if (change !== undefined) delete headers['content-length'];
      to.writeHead(answer.statusCode, headers);
      to.flushHeaders();
      if (change !== undefined) {
        const frames = new Frames((bytes, flags) => flags === 0 ? change(bytes) : bytes);
        answer.on('data', (piece) => to.write(frames.take(piece)));
        answer.on('end', () => to.end());
        answer.on('error', () => to.destroy());
        return;
      }
      if (!isWatch) {
        answer.pipe(to);
        return;
      }
      this.openWatches.add(to);
      this.openWatchesMost = Math.max(this.openWatchesMost, this.openWatches.size);
      const frames = new Frames((bytes, flags) => this.#spoil(bytes, flags));
      answer.on('data', (piece) => {
        const out = frames.take(piece);
        if (!this.silent && out.length > 0) to.write(out);
      });
      answer.on('end', () => { if (!this.silent) to.end(); });
      answer.on('error', () => to.destroy());
      answer.on('aborted', () => to.destroy());
    });
    upstream.on('error', () => to.destroy());
    to.on('close', () => {
      this.openWatches.delete(to);
      upstream.destroy();
    });
    if (path === WATCH) {
      const pieces = [];
      from.on('data', (piece) => pieces.push(piece));
      from.on('end', () => { this.lastWatch = Buffer.concat(pieces).subarray(5); });
    }
    from.pipe(upstream);
  }

  // The last watch that was asked for.
  lastRequest() {
    return fromBinary(watch.WatchRequestSchema, this.lastWatch);
  }

  // Turns one bit within a row, if there is one and it is due.
  #spoil(bytes, flags) {
    if (this.corruptions === 0 || flags !== 0) return bytes;
    const response = fromBinary(watch.WatchResponseSchema, bytes);
    for (const row of response.rows) {
      if (row.row.length === 0) continue;
      const at = placeToSpoil(row.row);
      row.row[at] ^= 1;
      this.corruptions -= 1;
      this.spoilt += 1;
      return toBinary(watch.WatchResponseSchema, response);
    }
    return bytes;
  }

  // Breaks off every open watch.
  cut() {
    for (const to of this.openWatches) to.destroy();
  }

  stop() {
    this.http.closeAllConnections();
    return new Promise((resolve) => this.http.close(resolve));
  }
}

const isLetter = (byte) => byte >= 0x61 && byte <= 0x7a && (byte ^ 1) >= 0x61 && (byte ^ 1) <= 0x7a;

// The last letter, so that the row still is a message; else the last byte.
function placeToSpoil(row) {
  for (let i = row.length - 1; i >= 0; i -= 1) if (isLetter(row[i])) return i;
  return row.length - 1;
}

// Cuts a body into frames and puts them together again.
class Frames {
  constructor(change) {
    this.change = change;
    this.rest = Buffer.alloc(0);
  }

  take(piece) {
    this.rest = Buffer.concat([this.rest, piece]);
    const out = [];
    while (this.rest.length >= 5) {
      const size = this.rest.readUInt32BE(1);
      if (this.rest.length < 5 + size) break;
      const flags = this.rest[0];
      const bytes = Buffer.from(this.change(this.rest.subarray(5, 5 + size), flags));
      const head = Buffer.alloc(5);
      head[0] = flags;
      head.writeUInt32BE(bytes.length, 1);
      out.push(head, bytes);
      this.rest = this.rest.subarray(5 + size);
    }
    return Buffer.concat(out);
  }
}
