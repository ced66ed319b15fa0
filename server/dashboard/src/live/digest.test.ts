// Goal: the page's digest of a table is the server's.
// Method: tests/vectors/query_digest.json, written by an implementation in
// another language; the server's unit test reads the same file.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {test} from 'node:test';
import {hex, overallDigest, TableDigest} from './digest';

interface VectorStep {
  do: 'add' | 'remove';
  key: string;
  row?: string;
  row_size?: number;
  digest: string;
}

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

test('every step gives their digest', () => {
  const file = join(SOURCE_DIR, '../../tests/vectors/query_digest.json');
  const {steps} = JSON.parse(readFileSync(file, 'utf8')) as {steps: VectorStep[]};
  assert.ok(steps.length > 40);
  const digest = new TableDigest();
  for (const step of steps) {
    const row =
      step.row === undefined
        ? Uint8Array.from({length: step.row_size ?? 0}, (_, i) => (i * 7) % 256)
        : bytes(step.row);
    digest[step.do](bytes(step.key), row);
    assert.equal(hex(digest.bytes()), step.digest, `${step.do} ${step.key}`);
  }
});

test('a row cannot be shifted into its key', () => {
  const a = new TableDigest();
  const b = new TableDigest();
  a.add(bytes('6162'), bytes('63'));
  b.add(bytes('61'), bytes('6263'));
  assert.notEqual(hex(a.bytes()), hex(b.bytes()));
});

test('the overall digest is the SHA-256 of the tables one after the other', () => {
  const tables = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
  assert.equal(overallDigest(tables), overallDigest([Buffer.concat(tables)]));
  assert.notEqual(overallDigest(tables), overallDigest(tables.reverse()));
  assert.equal(
    overallDigest([]),
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  );
});
