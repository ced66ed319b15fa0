// Which rows of the table are in the page, and where keys lead.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {isTyping, moveOf, rowsInPage} from './teams_grid';

test('However tall the window, at most 90 rows are in the page, the active one among them', () => {
  for (const [start, end, active] of [[0, 15, 0], [9_000, 9_020, 0], [9_000, 9_020, 19_999], [0, 19_999, 19_999], [19_980, 19_999, 5]] as const) {
    const rows = rowsInPage(start, end, 20_000, active);
    assert.ok(rows.length <= 90, `${rows.length} rows`);
    assert.ok(rows.includes(active));
    assert.deepEqual(rows, [...new Set(rows)].sort((a, b) => a - b));
  }
  assert.deepEqual(rowsInPage(0, 3, 2, -1), [0, 1]);
  assert.deepEqual(rowsInPage(0, 0, 0, -1), []);
});

const key = (name: string, change = {}) => ({key: name, ctrlKey: false, altKey: false, metaKey: false, ...change});

test('Keys lead to any row and never out of the table', () => {
  assert.equal(moveOf(key('End'), 3, 20_000, 14), 19_999);
  assert.equal(moveOf(key('Home'), 3, 20_000, 14), 0);
  assert.equal(moveOf(key('PageDown'), 3, 20_000, 14), 17);
  assert.equal(moveOf(key('PageUp'), 3, 20_000, 14), 0);
  assert.equal(moveOf(key('ArrowUp'), 0, 20_000, 14), 0);
  assert.equal(moveOf(key('ArrowDown'), -1, 20_000, 14), 0);
  assert.equal(moveOf(key('ArrowDown', {altKey: true}), 0, 20_000, 14), undefined);
  assert.equal(moveOf(key('a'), 0, 20_000, 14), undefined);
});

test('Letters search, also those of an input method; commands of the browser do not', () => {
  assert.ok(isTyping(key('đ')));
  assert.ok(isTyping(key('Process')));
  assert.ok(!isTyping(key('f', {ctrlKey: true})));
  assert.ok(!isTyping(key('Tab')));
  assert.ok(!isTyping(key(' ')));
});
