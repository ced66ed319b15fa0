// Goal: each error of a watch asks for what its contract says.
// Method: the codes one by one, with and without RetryInfo.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {Code, ConnectError} from '@connectrpc/connect';
import {troubleOf} from './transport';

test('who may not see stops; another history starts afresh; the rest comes back with the token', () => {
  const stop = [Code.Unauthenticated, Code.PermissionDenied];
  const fresh = [Code.OutOfRange, Code.InvalidArgument];
  for (let code = Code.Canceled as number; code <= Code.Unauthenticated; ++code) {
    const {then, afterMs} = troubleOf(new ConnectError('x', code as Code), true);
    const wanted = stop.includes(code) ? 'stop' : fresh.includes(code) ? 'fresh' : 'again';
    assert.equal(then, wanted, Code[code]);
    assert.equal(afterMs, 0);
  }
  assert.equal(troubleOf(new TypeError('Failed to fetch'), false).detail, 'connection-lost');
  assert.equal(troubleOf('anything', false).then, 'again');
});

test('RetryInfo is read, whatever else is in it, and what does not parse says nothing', () => {
  const after = (type: string, value: Uint8Array): number => {
    const error = new ConnectError('x', Code.ResourceExhausted);
    error.details.push({type, value} as never);
    return troubleOf(error, false).afterMs;
  };
  const info = 'google.rpc.RetryInfo';
  // retry_delay { seconds: 2 nanos: 500000000 }, an unknown field before it.
  const good = new Uint8Array([0x18, 5, 0x0a, 8, 0x08, 2, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01]);
  assert.equal(after(info, good), 2500);
  assert.equal(after('google.rpc.ErrorInfo', good), 0);
  assert.equal(after(info, new Uint8Array([0x0a, 0x7f, 0x08])), 0);
  assert.equal(after(info, new Uint8Array()), 0);
});
