// Goal: the stock gRPC-Web clients work unchanged against thond: reads, metadata,
// error details, deadlines, cancellation, streams that fold and resume.
// Method: real servers over the demo's small province, one with TLS and one in
// plain text; npm's @connectrpc/connect-web and grpc-web (binary and text) in
// Node; `thon` writes beside them, and is asked what the truth is.
//
//   node clients.test.mjs BIN_DIR WORK_DIR
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { create, fromBinary } from '@bufbuild/protobuf';

import { CODES, connectFace, fetchFor, grpcWebFace } from './lib/clients.mjs';
import { BrokenPromise, Watcher, WatchFold } from './lib/fold.mjs';
import { metricsOf, total } from './lib/metrics.mjs';
import { query, rows, watch } from './lib/protos.mjs';
import { assignTask, dashboardWatch, day, eventsWatch, teamsWatch } from './lib/requests.mjs';
import { openPlayed } from './lib/thond.mjs';
import { until } from './lib/wait.mjs';

const { QueryService } = query;
const reads = QueryService.method;

const fails = (promise, code, reason) => assert.rejects(promise, (failure) => {
  assert.equal(failure.code, code, String(failure));
  if (reason !== undefined) assert.equal(failure.reason, reason, String(failure));
  return true;
});

// The whole of a stream that ends by itself.
async function all(stream) {
  const responses = [];
  for await (const response of stream) responses.push(response);
  return responses;
}

const watchers = async (server, fetch) => total(await metricsOf(server, fetch), 'thon_watchers');

for (const tls of [true, false]) {
  describe(tls ? 'over TLS' : 'in plain text', () => {
    let played;
    let server;
    let fetch;
    let reader; // A token that reads one district.
    let district;
    let otherDistrict;
    const faces = [];

    before(async () => {
      played = await openPlayed({ tls });
      server = played.server;
      fetch = fetchFor(server);
      const units = (await server.thon('units', 'list')).units.filter((unit) => unit.level === 'DISTRICT');
      [district, otherDistrict] = units.map((unit) => ({ id: BigInt(unit.unit_id), code: unit.names[0].code }));
      reader = await server.officer(41, 'reader', district.code);
    });
    after(async () => {
      for (const face of faces) await face.close();
      fetch?.close();
      await played?.close();
    });
    const keep = (face) => {
      faces.push(face);
      return face;
    };

    const kinds = [
      ['connect-web', (token) => keep(connectFace(server, token)), true],
      ['grpc-web, text', (token) => keep(grpcWebFace(server, token, 'text')), true],
      ['grpc-web, binary', (token) => keep(grpcWebFace(server, token, 'binary')), false],
    ];
    for (const [name, make, streams] of kinds) {
      describe(name, () => {
        test('reads are what the command line is told', async () => {
          const face = make(server.token);
          const { message: status } = await face.unary(reads.getStatus, {});
          const told = await server.thon('status');
          assert.equal(status.origin, told.origin);
          assert.equal(status.nextPosition, BigInt(told.next_position));
          const { message: teams } = await face.unary(reads.listTeams, { pageSize: 1000 });
          const list = (await server.thon('team', 'list')).teams;
          assert.equal(teams.teams.length, 30);
          assert.deepEqual(teams.teams.map((team) => [team.teamId, team.name]),
            list.map((team) => [BigInt(team.team_id), team.name]));
        });

        test('a large answer comes whole, page by page', async () => {
          const face = make(server.token);
          const found = [];
          let pageToken = '';
          do {
            const { message } = await face.unary(reads.listDeterminations,
              { policyId: 'YB-2023', pageSize: 50, pageToken, options: { asOf: { moment: { case: 'date', value: day('2024-01-05') } } } });
            found.push(...message.rows);
            pageToken = message.nextPageToken;
          } while (pageToken !== '');
          const paid = found.filter((row) => row.determination.amountVnd > 0n);
          assert.equal(paid.length, 119);
          assert.equal(paid.reduce((sum, row) => sum + row.determination.amountVnd, 0n), 59_500_000n);
        });

        test('errors arrive with code, message and details', async () => {
          const face = make(server.token);
          await assert.rejects(face.unary(reads.getUnit, { unitId: 1n, code: '15' }), (failure) => {
            assert.equal(failure.code, CODES.INVALID_ARGUMENT, String(failure));
            assert.notEqual(failure.text, '');
            assert.notEqual(failure.reason, undefined, 'no ErrorInfo');
            assert.ok(failure.fields.length > 0, 'no BadRequest');
            return true;
          });
          await fails(face.unary(reads.getTeam, { teamId: 999_999n }), CODES.NOT_FOUND);
        });

        test('a message in Vietnamese survives the trailers', async () => {
          const face = make(server.token);
          const policyId = 'Chính sách “hỗ trợ” 100%';
          await assert.rejects(face.unary(reads.listDeterminations, { policyId }), (failure) => {
            assert.equal(failure.code, CODES.NOT_FOUND, String(failure));
            assert.ok(failure.text.includes(policyId), failure.text);
            return true;
          });
        });

        test('who is not known is not answered, and who may not, neither', async () => {
          await fails(make(undefined).unary(reads.getStatus, {}), CODES.UNAUTHENTICATED);
          await fails(make('nobodys-token').unary(reads.getStatus, {}), CODES.UNAUTHENTICATED);
          const limited = make(reader);
          await limited.unary(reads.getUnit, { unitId: district.id });
          await fails(limited.unary(reads.getUnit, { unitId: otherDistrict.id }), CODES.PERMISSION_DENIED);
          await fails(limited.unary(reads.listTeams, {}), CODES.PERMISSION_DENIED);
        });

        test('metadata of any legal form is carried', async () => {
          const face = make(server.token);
          const { headers } = await face.unary(reads.getStatus, {},
            { headers: { 'x-note': 'a b~c', 'x-blob-bin': 'AAEC/w', 'x-grpc-test-echo-initial': 'echo' } });
          assert.ok(headers !== undefined);
        });

        test('many calls at once are each answered with their own', async () => {
          const face = make(server.token);
          await Promise.all(Array.from({ length: 60 }, async (_, i) => {
            const teamId = BigInt(i % 30) + 1n;
            const { message } = await face.unary(reads.getTeam, { teamId });
            assert.equal(message.team.teamId, teamId);
          }));
        });

        if (streams) streamTests(name, make);
        else {
          test('a stream that ends is handed over at its end', async () => {
            const responses = await all(make(server.token).stream(watch.WatchService.method.watch,
              { ...teamsWatch(), asOf: { moment: { case: 'date', value: day('2024-01-05') } } }));
            const fold = new WatchFold();
            for (const response of responses) fold.take(response);
            assert.equal(fold.tables.get(1).size, 30);
          });
        }
      });
    }

    function streamTests(name, make) {
      test('a watch folds to what the queries say, digest included, while others write', async () => {
        const face = make(server.token);
        const watcher = new Watcher(face, dashboardWatch());
        await watcher.until(() => true);
        const count = watcher.fold.progressCount;
        for (const team of [3, 4, 5]) await assignTask(server, team);
        await server.thon('grant', 'issue', '--officer', 500 + Math.floor(Math.random() * 1e6), '--role', 'reader', '--all');
        const end = BigInt((await server.thon('status')).next_position) - 1n;
        await watcher.reached(end);
        assert.ok(watcher.fold.progressCount > count);
        const listed = await face.unary(reads.listTeams,
          { pageSize: 1000, options: { asOf: { moment: { case: 'position', value: watcher.fold.position } } } });
        const watched = [...watcher.fold.tables.get(2).values()].map((row) => fromBinary(rows.TeamRowSchema, row));
        assert.deepEqual(watched.map((team) => team.teamId).sort(), listed.message.teams.map((team) => team.teamId).sort());
        assert.equal(watcher.fold.tables.get(9).size > 0, true);
        assert.equal((await watcher.stop()).code, CODES.CANCELLED);
      });

      test('a watch goes on where its token was', async () => {
        const face = make(server.token);
        const first = new Watcher(face, dashboardWatch());
        await first.until(() => true);
        await first.stop();
        const position = await assignTask(server, 6);
        const starts = first.fold.starts.length;
        const second = new Watcher(face, dashboardWatch(), { fold: first.fold });
        await second.reached(position);
        assert.deepEqual([...new Set(second.fold.starts.slice(starts).map((start) => start.reason))], ['RESUMED']);
        const fresh = new Watcher(face, dashboardWatch());
        await fresh.reached(second.fold.position);
        await second.reached(fresh.fold.position);
        await fresh.reached(second.fold.position);
        if (fresh.fold.position === second.fold.position) assert.deepEqual(second.fold.content(), fresh.fold.content());
        else assert.fail('two quiet watches stand at different positions');
        await second.stop();
        await fresh.stop();
      });

      test('the past is one snapshot: unpaid on 11 October 2023, paid on the 12th', async () => {
        const face = make(server.token);
        const money = {};
        for (const date of ['2023-10-11', '2023-10-12']) {
          const request = { queries: [{ queryId: 1, projection: watch.WatchedProjection.DETERMINATIONS }],
            asOf: { moment: { case: 'date', value: day(date) } } };
          const fold = new WatchFold();
          for (const response of await all(face.stream(watch.WatchService.method.watch, request))) fold.take(response);
          assert.equal(fold.progressCount, 1);
          money[date] = [...fold.tables.get(1).values()].map((row) => fromBinary(rows.DeterminationRowSchema, row))
            .reduce((sum, row) => sum + row.determination.amountVnd, 0n);
        }
        assert.equal(money['2023-10-11'], 0n);
        assert.equal(money['2023-10-12'], 5n * 17n * 500_000n);
      });

      test('what was seen live is what the past says of that position', async () => {
        const face = make(server.token);
        const live = new Watcher(face, dashboardWatch());
        await live.until(() => true);
        await live.stop();
        const fold = new WatchFold();
        for (const response of await all(face.stream(watch.WatchService.method.watch,
          { ...dashboardWatch(), asOf: { moment: { case: 'position', value: live.fold.position } } }))) fold.take(response);
        const past = fold.content();
        const then = live.fold.content();
        assert.deepEqual(past, then);
        assert.deepEqual(fold.digests, live.fold.digests);
      });

      test('the deadline ends a stream, here and in the server', async () => {
        const before = await watchers(server, fetch);
        const started = Date.now();
        const watcher = new Watcher(make(server.token), teamsWatch(), { timeoutMs: 1500 });
        await watcher.finished;
        assert.equal(watcher.failure?.code, CODES.DEADLINE_EXCEEDED, String(watcher.failure));
        assert.ok(Date.now() - started >= 1400, 'it ended early');
        await until('the server has let go', async () => await watchers(server, fetch) <= before);
      });

      test('leaving in mid-stream is noticed by the server', async () => {
        const before = await watchers(server, fetch);
        const face = make(server.token);
        const open = Array.from({ length: 5 }, () => new Watcher(face, eventsWatch()));
        await Promise.all(open.map((watcher) => watcher.until(() => true)));
        await until('the server counts them', async () => await watchers(server, fetch) === before + 5);
        await Promise.all(open.map((watcher) => watcher.stop()));
        await until('the server has let go', async () => await watchers(server, fetch) === before);
      });

      test('a token that is not of this log gets no gap', async () => {
        const face = make(server.token);
        const good = new Watcher(face, teamsWatch());
        await good.until(() => true);
        await good.stop();
        const tries = [
          ['mangled', Buffer.from('mangled')],
          ['one bit turned', Buffer.from(good.fold.token).map((byte, i, all_) => (i === all_.length >> 1 ? byte ^ 1 : byte))],
          ['cut short', good.fold.token.slice(0, good.fold.token.length - 1)],
          ['far too long', Buffer.alloc(10_000, 7)],
        ];
        for (const [what, resumeToken] of tries) {
          await assert.rejects(all(face.stream(watch.WatchService.method.watch, { ...teamsWatch(), resumeToken })),
            (failure) => {
              assert.ok([CODES.INVALID_ARGUMENT, CODES.OUT_OF_RANGE].includes(failure.code), `${what}: ${failure}`);
              assert.notEqual(failure.reason, undefined);
              return true;
            }, what);
        }
        await fails(all(face.stream(watch.WatchService.method.watch, { ...eventsWatch(), resumeToken: good.fold.token })),
          CODES.INVALID_ARGUMENT);
      });

      test('a query outside the viewer\'s units is refused, one inside is not', async () => {
        const face = make(reader);
        const inside = new Watcher(face, teamsWatch(district.id));
        await inside.until((fold) => fold.tables.get(1).size > 0);
        await inside.stop();
        await fails(all(face.stream(watch.WatchService.method.watch, teamsWatch(otherDistrict.id))), CODES.PERMISSION_DENIED);
        await fails(all(face.stream(watch.WatchService.method.watch, teamsWatch())), CODES.PERMISSION_DENIED);
      });

      test('a watch that is asked for wrongly says which field', async () => {
        const face = make(server.token);
        const wrong = [
          { queries: [] },
          { queries: [{ queryId: 1 }] },
          { queries: [{ queryId: 1, projection: watch.WatchedProjection.TEAMS, fields: ['no_such_field'] }] },
          { queries: [{ queryId: 1, projection: watch.WatchedProjection.UNITS, policyId: 'YB-2023' }] },
          { queries: Array.from({ length: 17 }, (_, i) => ({ queryId: i + 1, projection: watch.WatchedProjection.TEAMS })) },
        ];
        for (const request of wrong) {
          await assert.rejects(all(face.stream(watch.WatchService.method.watch, request)), (failure) => {
            assert.equal(failure.code, CODES.INVALID_ARGUMENT, String(failure));
            assert.ok(failure.fields.length > 0, `no field: ${failure}`);
            return true;
          });
        }
      });

      test('a grant that ends, ends the stream', async () => {
        const officer = 7000 + (tls ? 0 : 100) + name.length;
        const token = await server.officer(officer, 'reader', district.code);
        const watcher = new Watcher(make(token), teamsWatch(district.id));
        await watcher.until(() => true);
        await server.revokeGrant(officer);
        await watcher.finished;
        assert.equal(watcher.failure?.code, CODES.PERMISSION_DENIED, String(watcher.failure));
      });
    }

    test('a server that is killed and comes back is gone on with', async () => {
      const face = keep(connectFace(server, server.token));
      const watcher = new Watcher(face, dashboardWatch());
      await watcher.until(() => true);
      await server.kill();
      await watcher.finished;
      assert.notEqual(watcher.failure, undefined, 'a broken stream must not look complete');
      await server.start();
      const position = await assignTask(server, 7);
      const starts = watcher.fold.starts.length;
      const again = new Watcher(keep(connectFace(server, server.token)), dashboardWatch(), { fold: watcher.fold });
      await again.reached(position);
      assert.deepEqual([...new Set(again.fold.starts.slice(starts).map((start) => start.reason))], ['RESUMED']);
      await again.stop();
    });

    test('a server that stops tells its watchers so', async () => {
      const watcher = new Watcher(keep(connectFace(server, server.token)), teamsWatch());
      await watcher.until(() => true);
      const end = await server.stop();
      assert.deepEqual(end, { code: 0, signal: null });
      await watcher.finished;
      assert.equal(watcher.failure?.code, CODES.UNAVAILABLE, String(watcher.failure));
      await server.start();
    });
  });
}

test('the fold that judges is itself seen to fail', async () => {
  const { WatchResponseSchema } = watch;
  const started = { queryId: 1, reason: watch.WatchStartReason.FRESH, position: 5n, clear: true };
  const progress = (digest, rowCount = 1n) => ({ position: 5n, resumeToken: new Uint8Array([1]), tables: [{ queryId: 1, rowCount, digest }] });
  const row = { queryId: 1, key: new Uint8Array([1]), row: new Uint8Array([2]) };
  const take = (...responses) => {
    const fold = new WatchFold();
    for (const response of responses) fold.take(create(WatchResponseSchema, response));
  };
  const { createHash } = await import('node:crypto');
  const digest = createHash('sha256').update(Buffer.from([0, 0, 0, 1, 1, 0, 0, 0, 1, 2])).digest();
  take({ started: [started], rows: [row], completeQueryIds: [1], progress: progress(digest) });
  const turned = Buffer.from(digest);
  turned[31] ^= 1;
  assert.throws(() => take({ started: [started], rows: [row], completeQueryIds: [1], progress: progress(turned) }), BrokenPromise);
  assert.throws(() => take({ started: [started], rows: [row], completeQueryIds: [1], progress: progress(digest, 2n) }), BrokenPromise);
  assert.throws(() => take({ started: [started], rows: [row], progress: progress(digest) }), BrokenPromise);
  assert.throws(() => take({ rows: [row] }), BrokenPromise);
  assert.throws(() => take({ started: [started], rows: [{ ...row, removed: true }] }), BrokenPromise);
});
