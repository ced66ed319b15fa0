// XMLHttpRequest as browsers have it, which Node has not: as much as npm's
// grpc-web uses. The text grows while it arrives (the packages of npm that have
// one hand it over at the end, so nothing could stream).
import http from 'node:http';
import https from 'node:https';
import { StringDecoder } from 'node:string_decoder';

// `ca`: the authority that is trusted, PEM.
export function xmlHttpRequestClass(ca) {
  return class XMLHttpRequest {
    constructor() {
      this.readyState = 0;
      this.status = 0;
      this.statusText = '';
      this.responseType = '';
      this.responseText = '';
      this.response = null;
      this.onreadystatechange = null;
      this.withCredentials = false;
      this.headers = {};
    }

    open(method, url) {
      this.method = method;
      this.url = url;
      this.#become(1);
    }

    setRequestHeader(name, value) {
      const key = name.toLowerCase();
      this.headers[key] = key in this.headers ? `${this.headers[key]}, ${value}` : value;
    }

    send(body) {
      const bytes = body === null || body === undefined ? Buffer.alloc(0)
        : typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer ?? body, body.byteOffset ?? 0, body.byteLength);
      const library = this.url.startsWith('https:') ? https : http;
      this.request = library.request(this.url, { method: this.method, agent: false, ca,
        headers: { ...this.headers, 'content-length': bytes.length } }, (answer) => this.#answer(answer));
      this.request.on('error', () => this.#fail());
      this.request.end(bytes);
    }

    #answer(answer) {
      this.answer = answer;
      this.status = answer.statusCode;
      this.statusText = answer.statusMessage;
      this.#become(2);
      const decoder = new StringDecoder('utf8');
      const pieces = [];
      answer.on('data', (piece) => {
        if (this.over) return;
        if (this.responseType === '' || this.responseType === 'text') this.responseText += decoder.write(piece);
        else pieces.push(piece);
        this.#become(3);
      });
      answer.on('end', () => {
        if (this.over) return;
        this.over = true;
        const all = Buffer.concat(pieces);
        this.response = this.responseType === 'arraybuffer' ? all.buffer.slice(all.byteOffset, all.byteOffset + all.length)
          : this.responseText;
        this.#become(4);
      });
      answer.on('error', () => this.#fail());
      answer.on('aborted', () => this.#fail());
    }

    #fail() {
      if (this.over) return;
      this.over = true;
      this.status = 0;
      this.responseText = '';
      this.#become(4);
    }

    #become(state) {
      this.readyState = state;
      this.onreadystatechange?.({ type: 'readystatechange', target: this });
    }

    abort() {
      this.over = true;
      this.request?.destroy();
    }

    getResponseHeader(name) {
      return this.answer?.headers[name.toLowerCase()] ?? null;
    }

    getAllResponseHeaders() {
      return Object.entries(this.answer?.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    }
  };
}
