// gRPC-Web and HTTP by hand: for what no client in its right mind sends.
import net from 'node:net';
import tls from 'node:tls';

// A frame of gRPC-Web: flags, size, bytes. `size` may lie.
export function frame(bytes, { flags = 0, size = bytes.length } = {}) {
  const head = Buffer.alloc(5);
  head.writeUInt8(flags, 0);
  head.writeUInt32BE(size, 1);
  return Buffer.concat([head, Buffer.from(bytes)]);
}

// The frames of a body: { messages, trailers }. Throws when it is cut off.
export function readFrames(body) {
  const messages = [];
  let trailers;
  for (let at = 0; at < body.length;) {
    if (body.length - at < 5) throw new Error('a frame without its head');
    const size = body.readUInt32BE(at + 1);
    const bytes = body.subarray(at + 5, at + 5 + size);
    if (bytes.length < size) throw new Error('a frame that is cut off');
    if (body[at] & 0x80) {
      trailers = Object.fromEntries(bytes.toString('latin1').split('\r\n').filter((line) => line !== '')
        .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
    } else {
      messages.push(bytes);
    }
    at += 5 + size;
  }
  return { messages, trailers };
}

// Posts a body as gRPC-Web; { http, grpc, message, trailers, messages }.
export async function post(fetch, server, path, body, { headers = {}, token, type = 'application/grpc-web+proto' } = {}) {
  const answer = await fetch(server.url + path, {
    method: 'POST', body,
    headers: { 'content-type': type, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
  });
  let bytes = Buffer.from(await answer.arrayBuffer());
  if ((answer.headers.get('content-type') ?? '').includes('grpc-web-text')) {
    // Pieces, each with its own padding.
    bytes = Buffer.concat(bytes.toString('latin1').split(/(?<==)(?!=)/).map((piece) => Buffer.from(piece, 'base64')));
  }
  const framed = (answer.headers.get('content-type') ?? '').startsWith('application/grpc-web');
  const { messages, trailers } = framed ? readFrames(bytes) : { messages: [], trailers: undefined };
  const status = trailers?.['grpc-status'] ?? answer.headers.get('grpc-status');
  return { http: answer.status, grpc: status === null || status === undefined ? undefined : Number(status),
    trailers, messages, headers: answer.headers };
}

// Connects, without a word of HTTP. The socket collects what it hears in
// `.heard` and says when it ended in `.over`.
export function connect(server) {
  const socket = server.tls
    ? tls.connect({ port: server.ports.http, host: '127.0.0.1', ca: server.ca })
    : net.connect({ port: server.ports.http, host: '127.0.0.1' });
  socket.heard = '';
  socket.on('data', (bytes) => { socket.heard += bytes.toString('latin1'); });
  socket.over = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  return new Promise((resolve, reject) => {
    socket.once(server.tls ? 'secureConnect' : 'connect', () => resolve(socket));
    socket.once('error', reject);
  });
}

// Sends text and waits for a whole answer, or for the end of the connection: a
// server that refuses goes on reading for a while, so that its answer is read.
export async function converse(server, text, { untilClosed = false } = {}) {
  const socket = await connect(server);
  socket.write(text);
  const whole = new Promise((resolve) => {
    socket.on('data', () => {
      const end = socket.heard.indexOf('\r\n\r\n');
      if (end < 0) return;
      const size = Number(/^content-length: *(\d+)/im.exec(socket.heard.slice(0, end))?.[1] ?? NaN);
      if (socket.heard.length - end - 4 >= size) resolve();
    });
  });
  await (untilClosed ? socket.over : Promise.race([whole, socket.over]));
  socket.destroy();
  return socket.heard;
}
