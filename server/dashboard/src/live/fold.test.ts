// Goal: the tables are what the server says at every PROGRESS, and a stream
// that leaves something out, doubles it or changes it is noticed.
// Method: random changes sent as steps of random cuts, against plain maps; then
// the same streams with one fault planted.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {clone, create} from '@bufbuild/protobuf';
import {
  WatchedRowSchema,
  type WatchResponse,
  WatchResponseSchema,
  WatchStartReason,
} from '../gen/thon/v1/watch_service_pb';
import {digestOf, FakeWatchServer} from '../testing/fake_watch';
import {random, type Random, seed} from '../testing/seed';
import {hex} from './digest';
import {keyBytes, keyText, WatchFold} from './fold';
import {packChange, packTable, unpack} from './packed';

const QUERIES = [1, 2, 7];

// What a server sends: a snapshot and some steps, a PROGRESS behind each.
function recording(dice: Random, steps: number): {sent: WatchResponse[]; server: FakeWatchServer} {
  const server = new FakeWatchServer();
  for (const query of QUERIES) {
    for (let i = dice.next(30); i > 0; --i) {
      server.table(query).set(hex(dice.bytes(1 + dice.next(9))), dice.bytes(dice.next(90)));
    }
  }
  const {stream, sent} = server.record(QUERIES);
  for (let i = 0; i < steps; ++i) {
    for (let change = dice.next(8); change >= 0; --change) {
      const query = QUERIES[dice.next(QUERIES.length)];
      const keys = [...server.table(query).keys()];
      if (dice.chance(5)) {
        stream.restart(query, WatchStartReason.LAGGED);
      } else if (keys.length > 0 && dice.chance(40)) {
        server.set(query, keys[dice.next(keys.length)], undefined);
      } else {
        const old = keys.length > 0 && dice.chance(50);
        const key = old ? keys[dice.next(keys.length)] : hex(dice.bytes(8));
        server.set(query, key, dice.bytes(dice.next(90)));
      }
    }
    server.progress();
  }
  return {sent, server};
}

function rowsOf(fold: WatchFold, query: number): Map<string, string> {
  const rows = fold.tables.get(query)?.rows ?? new Map<string, Uint8Array>();
  return new Map([...rows].map(([key, row]) => [hex(keyBytes(key)), hex(row)]));
}

test('the first snapshot was not complete before its PROGRESS, and is with it', () => {
  const server = new FakeWatchServer();
  server.table(1).set('aa', new Uint8Array([1]));
  const fold = new WatchFold([1]);
  const [snapshot, progress] = server.record([1]).sent;
  assert.equal(fold.receive(snapshot), undefined);
  assert.equal(rowsOf(fold, 1).size, 0);
  const step = fold.receive(progress);
  assert.equal(step?.ok, true);
  assert.deepEqual([...rowsOf(fold, 1)], [['aa', '01']]);
});

test('random streams: every table is the server\'s at every PROGRESS', () => {
  const dice = random(seed());
  for (let round = 0; round < 60; ++round) {
    const {sent, server} = recording(dice, 1 + dice.next(12));
    const fold = new WatchFold(QUERIES);
    // What a page builds from the steps alone, over the packed form.
    const page = new Map<number, Map<string, string>>(QUERIES.map((query) => [query, new Map()]));
    for (const response of sent) {
      const step = fold.receive(response);
      assert.equal(step === undefined, response.progress === undefined);
      if (!step) continue;
      assert.ok(step.ok, `round ${round}`);
      for (const change of step.changes.map(packChange)) {
        const table = page.get(change.queryId);
        assert.ok(table);
        if (change.cleared) table.clear();
        for (const [key, row] of unpack(change.block)) {
          if (row) {
            table.set(hex(keyBytes(key)), hex(row));
          } else {
            table.delete(hex(keyBytes(key)));
          }
        }
      }
      for (const query of QUERIES) {
        const table = fold.tables.get(query);
        assert.ok(table);
        assert.equal(hex(table.digestBytes()), hex(digestOf(entries(fold, query))));
        assert.deepEqual(page.get(query), rowsOf(fold, query));
        const whole = new Map(
          [...unpack(packTable(query, table).block)].map(([key, row]) => [key, hex(row ?? new Uint8Array())]),
        );
        assert.deepEqual(whole, new Map([...table.rows].map(([key, row]) => [key, hex(row)])));
      }
    }
    for (const query of QUERIES) {
      const wanted = new Map([...server.table(query)].map(([key, row]) => [key, hex(row)]));
      assert.deepEqual(rowsOf(fold, query), wanted);
    }
  }
});

function* entries(fold: WatchFold, query: number): Generator<[string, Uint8Array]> {
  for (const [key, row] of fold.tables.get(query)?.rows ?? []) yield [hex(keyBytes(key)), row];
}

type Plant = (responses: WatchResponse[], dice: Random) => boolean;

// Changes a row that the stream sends and that is there at the end, so that the
// fault cannot be undone by what follows.
function lastRow(
  responses: WatchResponse[],
  dice: Random,
  change: (response: WatchResponse, index: number) => void,
): boolean {
  const last = new Map<string, [WatchResponse, number]>();
  for (const response of responses) {
    for (const {queryId} of response.started) {
      for (const name of [...last.keys()]) if (name.startsWith(`${queryId}:`)) last.delete(name);
    }
    response.rows.forEach((row, index) => {
      const name = `${row.queryId}:${hex(row.key)}`;
      if (row.removed) {
        last.delete(name);
      } else {
        last.set(name, [response, index]);
      }
    });
  }
  const found = [...last.values()];
  if (found.length === 0) return false;
  const [response, index] = found[dice.next(found.length)];
  change(response, index);
  return true;
}

const plants: Record<string, Plant> = {
  'a missing row': (responses, dice) =>
    lastRow(responses, dice, (response, index) => response.rows.splice(index, 1)),
  'a changed byte of a row': (responses, dice) =>
    lastRow(responses, dice, (response, index) => {
      const row = response.rows[index];
      row.row = row.row.length === 0 ? new Uint8Array(1) : row.row.slice();
      if (row.row.length > 0) row.row[dice.next(row.row.length)] ^= 1 << dice.next(8);
    }),
  'a changed byte of a key': (responses, dice) =>
    lastRow(responses, dice, (response, index) => {
      const row = response.rows[index];
      row.key = row.key.slice();
      row.key[dice.next(row.key.length)] ^= 1 << dice.next(8);
    }),
  'a row under another key too': (responses, dice) =>
    lastRow(responses, dice, (response, index) => {
      const row = response.rows[index];
      response.rows.push({...row, key: dice.bytes(17)});
    }),
  'a row in the table of another query': (responses, dice) =>
    lastRow(responses, dice, (response, index) => {
      const row = response.rows[index];
      row.queryId = QUERIES[(QUERIES.indexOf(row.queryId) + 1) % QUERIES.length];
    }),
  'a row that is removed instead': (responses, dice) =>
    lastRow(responses, dice, (response, index) => {
      response.rows[index].removed = true;
    }),
  'a table that PROGRESS does not speak of': (responses) => {
    responses.at(-1)?.progress?.tables.pop();
    return true;
  },
  'a table that PROGRESS speaks of twice': (responses) => {
    const tables = responses.at(-1)?.progress?.tables ?? [];
    tables[1] = tables[0];
    return true;
  },
  'a position that falls': (responses) => {
    const progress = responses.at(-1)?.progress;
    if (!progress) return false;
    progress.position = 1n;
    return true;
  },
  'a number of rows that is not theirs': (responses) => {
    const table = responses.at(-1)?.progress?.tables[0];
    if (!table) return false;
    ++table.rowCount;
    return true;
  },
  'a query that was not asked': (responses) => {
    responses[0].rows.push(create(WatchedRowSchema, {queryId: 99, key: new Uint8Array([1])}));
    return true;
  },
};

for (const [what, plant] of Object.entries(plants)) {
  test(`${what} is noticed`, () => {
    const dice = random(seed());
    let planted = 0;
    for (let round = 0; planted < 40; ++round) {
      assert.ok(round < 400);
      const sent = recording(dice, 1 + dice.next(6)).sent.map((response) =>
        clone(WatchResponseSchema, response),
      );
      if (!plant(sent, dice)) continue;
      ++planted;
      const fold = new WatchFold(QUERIES);
      const faulty = sent.map((response) => fold.receive(response)).find((step) => step?.ok === false);
      assert.ok(faulty, `round ${round}`);
    }
  });
}

test('the same row twice is the row once, as the contract has it', () => {
  const {sent} = recording(random(5), 3);
  const fold = new WatchFold(QUERIES);
  for (const response of sent) {
    response.rows.push(...response.rows.slice(-1));
    const step = fold.receive(response);
    assert.notEqual(step?.ok, false);
  }
});

test('a step that was cut off is forgotten; taken for a whole one, it is noticed', () => {
  const dice = random(seed());
  for (let round = 0; round < 40; ++round) {
    const server = new FakeWatchServer();
    server.table(1).set('aa', dice.bytes(5));
    const {stream, sent} = server.record([1]);
    const told: WatchResponse[] = [];
    const careful = new WatchFold([1]);
    const careless = new WatchFold([1]);
    for (const response of sent) {
      careful.receive(response);
      careless.receive(response);
    }
    // Cut off behind this row, which the log then never had: the server's table
    // at the token is the one without it.
    stream.push = (response) => told.push(response);
    stream.rows(1, [[hex(dice.bytes(6)), dice.bytes(20)]]);
    for (const response of told) {
      careful.receive(response);
      careless.receive(response);
    }
    careful.forget();
    const progress = server.progressFor([1]);
    assert.equal(careful.receive(progress)?.ok, true);
    assert.equal(careless.receive(clone(WatchResponseSchema, progress))?.ok, false);
  }
});

test('a row that is kept does not keep the response that brought it', () => {
  const page = new Uint8Array(100_000);
  const fold = new WatchFold([1]);
  const table = fold.tables.get(1);
  table?.set(page.subarray(0, 4), page.subarray(10, 20));
  assert.equal(table?.rows.get(keyText(page.subarray(0, 4)))?.buffer.byteLength, 10);
});
