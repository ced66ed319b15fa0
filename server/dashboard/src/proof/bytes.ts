// Strict forms of bytes, numbers and text, for what strangers sign: a form that
// two programs might read differently is refused.

// Why something is not proven. INVALID_ARGUMENT: malformed. PERMISSION_DENIED:
// not signed by the key. FAILED_PRECONDITION: a tree of no entries with another
// root than it must have. DATA_LOSS: well formed, but it leads elsewhere.
export type ProofFault = 'INVALID_ARGUMENT' | 'PERMISSION_DENIED' | 'FAILED_PRECONDITION' | 'DATA_LOSS';

// What every function below proof/ throws, and nothing else.
export class ProofError extends Error {
  constructor(
    readonly fault: ProofFault,
    message: string,
  ) {
    super(message);
  }
}

export function malformed(what: string): never {
  throw new ProofError('INVALID_ARGUMENT', what);
}

export const HASH_BYTES = 32;
export const KEY_NAME_BYTES_MAX = 256;
export const NOTE_BYTES_MAX = 64 * 1024;
export const NOTE_SIGNATURES_MAX = 64;
export const PROOF_HASHES_MAX = 63;

const UINT64_MAX = (1n << 64n) - 1n;

const encoder = new TextEncoder();

export function utf8(text: string): Uint8Array {
  // What TextEncoder would silently replace.
  if (/\p{Surrogate}/u.test(text)) malformed('half of a surrogate pair is no character');
  return encoder.encode(text);
}

// Exactly these bytes as text; a mark of byte order stays.
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(bytes);
  } catch {
    return malformed('not UTF-8');
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

// Standard Base 64 with its padding, in the one form that encoding gives.
export function fromBase64(text: string): Uint8Array {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) malformed('not Base 64');
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  if (toBase64(bytes) !== text) malformed('Base 64 with bits after its end');
  return bytes;
}

export function hashFromBase64(text: string): Uint8Array {
  const bytes = fromBase64(text);
  if (bytes.length !== HASH_BYTES) malformed(`a hash of ${bytes.length} bytes`);
  return bytes;
}

// An ASCII decimal without leading zeroes, below 2^64.
export function decimal(text: string): bigint {
  if (!/^(?:0|[1-9][0-9]{0,19})$/.test(text)) malformed('not a number');
  const value = BigInt(text);
  if (value > UINT64_MAX) malformed('a number beyond 64 bits');
  return value;
}

// The lines of a text that ends in a newline, without their newlines.
export function lines(text: string): string[] {
  if (!text.endsWith('\n')) malformed('the last line does not end');
  return text.slice(0, -1).split('\n');
}
