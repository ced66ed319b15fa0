// Goal: proofs are offered to who may read the whole log and to nobody else, and
// a failed call is never taken for a proof that does not hold.
// Method: viewers with one grant each; every code that a call can fail with.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {create} from '@bufbuild/protobuf';
import {Code, ConnectError} from '@connectrpc/connect';
import {Role} from '../gen/thon/v1/event_pb';
import {GetViewerResponseSchema} from '../gen/thon/v1/query_service_pb';
import {ProofError} from '../proof/bytes';
import {failureOf, mayAudit} from './audit';

test('Who has a grant of the whole log may ask for proofs', () => {
  const may = (role: Role, unitId: bigint, revoked = false): boolean =>
    mayAudit(create(GetViewerResponseSchema, {grants: [{role, unitId, revoked}]}));
  for (const role of [Role.READER, Role.OFFICER, Role.OPERATOR]) {
    assert.equal(may(role, 0n), true);
    assert.equal(may(role, 15n), false);
    assert.equal(may(role, 0n, true), false);
  }
  assert.equal(may(Role.UNSPECIFIED, 0n), false);
  assert.equal(mayAudit(undefined), false);
});

test('Only what was checked is refuted; only the server says that it is damaged', () => {
  assert.deepEqual(failureOf(new ProofError('PERMISSION_DENIED', 'x')), {kind: 'refuted', detail: 'x'});
  const codes = Object.values(Code).filter((code): code is Code => typeof code === 'number');
  assert.ok(codes.length >= 16);
  for (const code of codes) {
    const wanted = code === Code.DataLoss ? 'damaged' : code === Code.PermissionDenied ? 'denied' : 'unread';
    assert.deepEqual(failureOf(new ConnectError('why', code)), {kind: wanted, detail: 'why'});
  }
  assert.equal(failureOf(new TypeError('network')).kind, 'unread');
});
