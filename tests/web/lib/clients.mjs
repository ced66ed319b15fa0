// The two stock gRPC-Web clients behind one face, so that each promise is tested
// with both. Neither is changed: only their own public options are used.
//
// A face has
//   unary(method, message, options)   -> { message, headers }
//   stream(method, message, options)  -> async iterable of messages
// with a method of a generated service and the options { headers, timeoutMs,
// signal }. Both throw RpcFailure and nothing else.
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { ConnectError } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import grpcWeb from 'grpc-web';
import { Agent, fetch as undiciFetch } from 'undici';

import * as protos from './protos.mjs';
import { xmlHttpRequestClass } from './xml_http_request.mjs';

export const CODES = Object.freeze({
  OK: 0, CANCELLED: 1, UNKNOWN: 2, INVALID_ARGUMENT: 3, DEADLINE_EXCEEDED: 4, NOT_FOUND: 5, ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7, RESOURCE_EXHAUSTED: 8, FAILED_PRECONDITION: 9, ABORTED: 10, OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12, INTERNAL: 13, UNAVAILABLE: 14, DATA_LOSS: 15, UNAUTHENTICATED: 16,
});

export class RpcFailure extends Error {
  constructor(code, message, { reason, fields, retryMs } = {}) {
    super(`${Object.keys(CODES).find((name) => CODES[name] === code) ?? code}: ${message} (${reason ?? 'no reason'})`);
    this.code = code;
    this.text = message;
    this.reason = reason; // ErrorInfo.reason
    this.fields = fields ?? []; // BadRequest
    this.retryMs = retryMs; // RetryInfo
  }
}

// What google.rpc.Status, as bytes, says.
export function decodeDetails(bytes) {
  const status = fromBinary(protos.details.StatusSchema, bytes);
  const found = {};
  for (const any of status.details) {
    const info = anyUnpack(any, protos.details.ErrorInfoSchema);
    const bad = anyUnpack(any, protos.details.BadRequestSchema);
    const retry = anyUnpack(any, protos.details.RetryInfoSchema);
    if (info !== undefined) {
      found.reason = info.reason;
      found.domain = info.domain;
    }
    if (bad !== undefined) found.fields = bad.fieldViolations.map((violation) => violation.field);
    if (retry !== undefined) {
      found.retryMs = Number(retry.retryDelay.seconds) * 1000 + retry.retryDelay.nanos / 1e6;
    }
  }
  return found;
}

// fetch that trusts the server's own authority, over connections of its own.
export function fetchFor(server, { connections = 64 } = {}) {
  const dispatcher = new Agent({
    connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0,
    connect: server.tls ? { ca: server.ca } : {},
  });
  const call = (input, init) => undiciFetch(input, { ...init, dispatcher });
  call.close = () => dispatcher.destroy();
  return call;
}

// --------------------------------------------------------- connect-web

class ConnectFace {
  constructor(server, token) {
    this.name = 'connect-web';
    this.server = server;
    this.fetch = fetchFor(server);
    this.transport = this.#transport(this.fetch);
    this.token = token;
  }

  #transport(fetch) {
    return createGrpcWebTransport({ baseUrl: this.server.url, useBinaryFormat: true, fetch });
  }

  #headers(options) {
    return { ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }), ...options.headers };
  }

  async unary(method, message, options = {}) {
    try {
      const answer = await this.transport.unary(method, options.signal, options.timeoutMs, this.#headers(options),
        create(method.input, message));
      return { message: answer.message, headers: answer.header, trailers: answer.trailer };
    } catch (error) {
      throw failureOfConnect(error);
    }
  }

  async *stream(method, message, options = {}) {
    const one = create(method.input, message);
    // A connection of its own, which ends with it. An abort does not do that for
    // certain: undici's fetch keeps nothing but weak references to what the signal
    // of a call under way must reach, and they may be collected before.
    const fetch = fetchFor(this.server, { connections: 1 });
    try {
      const answer = await this.#transport(fetch).stream(method, options.signal, options.timeoutMs, this.#headers(options),
        (async function* requests() { yield one; })());
      yield* answer.message;
    } catch (error) {
      throw failureOfConnect(error);
    } finally {
      await fetch.close();
    }
  }

  close() {
    return this.fetch.close();
  }
}

function failureOfConnect(error) {
  const failure = ConnectError.from(error);
  const info = failure.findDetails(protos.details.ErrorInfoSchema)[0];
  const bad = failure.findDetails(protos.details.BadRequestSchema)[0];
  const retry = failure.findDetails(protos.details.RetryInfoSchema)[0];
  return new RpcFailure(failure.code, failure.rawMessage, {
    reason: info?.reason,
    fields: bad?.fieldViolations.map((violation) => violation.field),
    retryMs: retry && Number(retry.retryDelay.seconds) * 1000 + retry.retryDelay.nanos / 1e6,
  });
}

// ------------------------------------------------------------ grpc-web

class GrpcWebFace {
  constructor(server, token, format) {
    this.name = `grpc-web (${format})`;
    this.client = new grpcWeb.GrpcWebClientBase({ format });
    this.server = server;
    this.token = token;
    globalThis.XMLHttpRequest = xmlHttpRequestClass(server.tls ? server.ca : undefined);
  }

  #descriptor(method) {
    return new grpcWeb.MethodDescriptor(`/${method.parent.typeName}/${method.name}`,
      method.methodKind === 'unary' ? grpcWeb.MethodType.UNARY : grpcWeb.MethodType.SERVER_STREAMING,
      Object, Object, (message) => toBinary(method.input, message), (bytes) => fromBinary(method.output, bytes));
  }

  #metadata(options) {
    return {
      ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }), ...options.headers,
      ...(options.timeoutMs === undefined ? {} : { deadline: String(Date.now() + options.timeoutMs) }),
    };
  }

  unary(method, message, options = {}) {
    return new Promise((resolve, reject) => {
      const descriptor = this.#descriptor(method);
      let headers = {};
      const call = this.client.rpcCall(this.server.url + descriptor.getName(), create(method.input, message),
        this.#metadata(options), descriptor, (error, answer) => {
          if (error) reject(failureOfGrpcWeb(error));
          else resolve({ message: answer, headers });
        });
      call.on('metadata', (metadata) => { headers = metadata; });
      options.signal?.addEventListener('abort', () => {
        call.cancel();
        reject(new RpcFailure(CODES.CANCELLED, 'cancelled'));
      });
    });
  }

  async *stream(method, message, options = {}) {
    const descriptor = this.#descriptor(method);
    const call = this.client.serverStreaming(this.server.url + descriptor.getName(), create(method.input, message),
      this.#metadata(options), descriptor);
    const waiting = [];
    let wake = () => {};
    const put = (entry) => {
      waiting.push(entry);
      wake();
    };
    call.on('data', (answer) => put({ answer }));
    call.on('error', (error) => put({ failure: failureOfGrpcWeb(error) }));
    call.on('end', () => put({ end: true }));
    options.signal?.addEventListener('abort', () => put({ failure: new RpcFailure(CODES.CANCELLED, 'cancelled') }));
    try {
      for (;;) {
        while (waiting.length === 0) await new Promise((resolve) => { wake = resolve; });
        const { answer, failure, end } = waiting.shift();
        if (failure !== undefined) throw failure;
        if (end) return;
        yield answer;
      }
    } finally {
      call.cancel();
    }
  }

  async close() {}
}

function failureOfGrpcWeb(error) {
  const packed = error.metadata?.['grpc-status-details-bin'];
  return new RpcFailure(error.code, error.message ?? '',
    packed === undefined ? {} : decodeDetails(Buffer.from(packed, 'base64')));
}

export const connectFace = (server, token) => new ConnectFace(server, token);
export const grpcWebFace = (server, token, format) => new GrpcWebFace(server, token, format);
