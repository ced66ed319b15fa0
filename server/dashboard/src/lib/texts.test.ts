// Goal: every text is there in both languages and is what a person can read.
// Method: all of them, one by one.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {texts} from './texts';

const all = Object.entries(texts as Record<string, readonly [string, string]>);

test('every text is NFC and has both languages or neither', () => {
  assert.ok(all.length > 20);
  for (const [key, pair] of all) {
    assert.equal(pair.length, 2, key);
    for (const text of pair) {
      assert.equal(text, text.normalize('NFC'), `${key} is not NFC`);
    }
    assert.equal(pair[0] === '', pair[1] === '', `${key} lacks a language`);
  }
});

test('both languages take the same arguments', () => {
  const names = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();
  for (const [key, [vi, en]] of all) assert.deepEqual(names(vi), names(en), key);
});
