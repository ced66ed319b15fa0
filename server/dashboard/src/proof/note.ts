// Signed notes and verifier keys (c2sp.org/signed-note), with the cosignatures
// of witnesses (c2sp.org/tlog-cosignature). What server/core/note.h says holds
// here.
//
// Ed25519 is a library's and not the browser's: browsers have it only in secure
// contexts and only of late, and they differ in which odd keys they take.
import {etc, verify as verifyEd25519} from '@noble/ed25519';
import {sha256, sha512} from '@noble/hashes/sha2';
import {equalBytes, hex} from '../live/digest';
import {concat, fromBase64, KEY_NAME_BYTES_MAX, lines, malformed, NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX, toBase64, utf8} from './bytes';

etc.sha512Sync = (...parts) => sha512(concat(...parts));

export const ED25519 = 1;
export const COSIGNATURE = 4;
const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;
const TIME_BYTES = 8;

export interface VerifierKey {
  readonly name: string;
  readonly type: typeof ED25519 | typeof COSIGNATURE;
  readonly key: Uint8Array; // 32 bytes
}

export interface SignatureLine {
  readonly name: string;
  readonly keyId: string; // hex
  readonly signature: Uint8Array; // without the key id
}

export interface SignedNote {
  readonly text: string; // with its final newline
  readonly signatures: readonly SignatureLine[];
}

export function isKeyName(name: string): boolean {
  return name !== '' && !/[\p{White_Space}\p{Surrogate}+\u0000-\u001f]/u.test(name) && utf8(name).length <= KEY_NAME_BYTES_MAX;
}

// The standard key id, in hex.
export function keyId({name, type, key}: VerifierKey): string {
  return hex(sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), key)).subarray(0, 4));
}

export function formatVerifierKey(key: VerifierKey): string {
  return `${key.name}+${keyId(key)}+${toBase64(concat(Uint8Array.of(key.type), key.key))}`;
}

export function parseVerifierKey(text: string): VerifierKey {
  const [, name = '', id = '', encoded = ''] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/su.exec(text) ?? malformed('not a verifier key');
  if (!isKeyName(name)) malformed('the name of a key');
  const bytes = fromBase64(encoded);
  const type = bytes[0];
  if (type !== ED25519 && type !== COSIGNATURE) return malformed(`a key of type ${type}`);
  if (bytes.length !== 1 + KEY_BYTES) malformed(`a key of ${bytes.length} bytes`);
  const key: VerifierKey = {name, type, key: bytes.slice(1)};
  if (keyId(key) !== id) malformed('the id is not that of the key');
  return key;
}

function parseSignatureLine(line: string): SignatureLine {
  const [, name = '', encoded = ''] = /^— ([^ ]*) ([^ ]*)$/su.exec(line) ?? malformed('not a line of a signature');
  if (!isKeyName(name)) malformed('the name in a signature');
  const bytes = fromBase64(encoded);
  if (bytes.length < 5) malformed('a signature that is too short');
  return {name, keyId: hex(bytes.subarray(0, 4)), signature: bytes.slice(4)};
}

// Signature lines alone, as a witness answers them.
export function parseSignatureLines(text: string): SignatureLine[] {
  if (utf8(text).length > NOTE_BYTES_MAX) malformed('too long');
  const all = lines(text);
  if (all.length > NOTE_SIGNATURES_MAX) malformed('too many signatures');
  return all.map(parseSignatureLine);
}

export function parseNote(note: string): SignedNote {
  if (utf8(note).length > NOTE_BYTES_MAX) malformed('too long');
  if (/[\u0000-\u0009\u000b-\u001f]/.test(note)) malformed('a control character');
  const end = note.lastIndexOf('\n\n');
  if (end < 0) malformed('no blank line before the signatures');
  return {text: note.slice(0, end + 1), signatures: parseSignatureLines(note.slice(end + 2))};
}

// 'absent': no line has the key's name and id. 'bad': one has, and its signature
// is not the key's: the note is to be rejected.
export type Verdict = 'absent' | 'good' | 'bad';

export interface Verified {
  readonly verdict: Verdict;
  readonly timeS: bigint; // of a good cosignature, the newest of several; else 0
}

// The signature holds as RFC 8032 has it: no odd encodings, no key of small order.
function holds(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  try {
    return verifyEd25519(signature, message, key, {zip215: false});
  } catch {
    return false;
  }
}

// The time of a good cosignature; undefined if it is not good.
function cosignedAt(signature: Uint8Array, text: string, key: Uint8Array): bigint | undefined {
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined;
  const time = new DataView(signature.buffer, signature.byteOffset).getBigUint64(0);
  if (time >> 63n !== 0n) return undefined;
  const message = utf8(`cosignature/v1\ntime ${time}\n${text}`);
  return holds(signature.subarray(TIME_BYTES), message, key) ? time : undefined;
}

export function verifyNote(note: SignedNote, key: VerifierKey): Verified {
  const id = keyId(key);
  let verdict: Verdict = 'absent';
  let timeS = 0n;
  for (const line of note.signatures) {
    if (line.name !== key.name || line.keyId !== id) continue;
    if (key.type === ED25519) {
      if (!holds(line.signature, utf8(note.text), key.key)) return {verdict: 'bad', timeS: 0n};
    } else {
      const time = cosignedAt(line.signature, note.text, key.key);
      if (time === undefined) return {verdict: 'bad', timeS: 0n};
      if (time > timeS) timeS = time;
    }
    verdict = 'good';
  }
  return {verdict, timeS};
}

export const sameKey = (a: VerifierKey, b: VerifierKey): boolean =>
  a.name === b.name && a.type === b.type && equalBytes(a.key, b.key);
