// The Watch call over gRPC-Web, and what its errors ask the caller to do.
import {BinaryReader} from '@bufbuild/protobuf/wire';
import {Code, ConnectError, createClient} from '@connectrpc/connect';
import {createGrpcWebTransport} from '@connectrpc/connect-web';
import {
  type WatchRequest,
  type WatchResponse,
  WatchService,
} from '../gen/thon/v1/watch_service_pb';
import type {LiveDetail} from './status';

// A Watch call; ends when the server ends it, throws ConnectError, and is cut
// off by `signal`.
export type WatchCall = (
  request: WatchRequest,
  signal: AbortSignal,
) => AsyncIterable<WatchResponse>;

export function watchOver(baseUrl: string): WatchCall {
  const client = createClient(
    WatchService,
    createGrpcWebTransport({
      baseUrl,
      fetch: (input, init) =>
        globalThis.fetch(input, {...init, credentials: 'same-origin', cache: 'no-store'}),
    }),
  );
  return (request, signal) => client.watch(request, {signal});
}

export interface Trouble {
  readonly detail: LiveDetail;
  // 'stop': trying again is of no use before somebody has done something;
  // 'fresh': without the token and with empty tables; 'again': with the token.
  readonly then: 'stop' | 'fresh' | 'again';
  // Not before so many milliseconds; 0 if the server did not say.
  readonly afterMs: number;
}

// `resuming`: the call had a token.
export function troubleOf(error: unknown, resuming: boolean): Trouble {
  const {code, details} = ConnectError.from(error);
  const trouble = (detail: LiveDetail, then: Trouble['then']): Trouble => ({
    detail,
    then,
    afterMs: retryAfterMs(details),
  });
  switch (code) {
    case Code.Unauthenticated:
      return trouble('unauthenticated', 'stop');
    case Code.PermissionDenied:
      return trouble('permission-denied', 'stop');
    case Code.OutOfRange:
      return trouble('another-history', 'fresh');
    case Code.InvalidArgument:
      return resuming ? trouble('another-history', 'fresh') : trouble('bad-request', 'fresh');
    case Code.ResourceExhausted:
      return trouble('too-many-watches', 'again');
    case Code.Unavailable:
      return trouble('server-stopping', 'again');
    case Code.Internal:
    case Code.DataLoss:
    case Code.Unimplemented:
    case Code.FailedPrecondition:
    case Code.NotFound:
      return trouble('server-error', 'again');
    default:
      return trouble('connection-lost', 'again');
  }
}

type Detail = ConnectError['details'][number];
type IncomingDetail = {type: string; value: Uint8Array};

function isIncoming(detail: Detail): detail is Detail & IncomingDetail {
  return 'type' in detail && 'value' in detail && detail.value instanceof Uint8Array;
}

// google.rpc.RetryInfo: field 1 is a google.protobuf.Duration, whose field 1 is
// seconds and 2 nanoseconds.
function retryAfterMs(details: readonly Detail[]): number {
  for (const detail of details) {
    if (!isIncoming(detail) || detail.type !== 'google.rpc.RetryInfo') continue;
    try {
      const ms = durationMs(bytesField(new BinaryReader(detail.value), 1));
      if (ms > 0) return ms;
    } catch {
      // A detail that does not parse says nothing.
    }
  }
  return 0;
}

function bytesField(reader: BinaryReader, wanted: number): Uint8Array {
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === wanted && type === 2) return reader.bytes();
    reader.skip(type, field);
  }
  return new Uint8Array();
}

function durationMs(duration: Uint8Array): number {
  const reader = new BinaryReader(duration);
  let ms = 0;
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field === 1 && type === 0) {
      ms += Number(reader.int64()) * 1000;
    } else if (field === 2 && type === 0) {
      ms += reader.int32() / 1_000_000;
    } else {
      reader.skip(type, field);
    }
  }
  return ms;
}
