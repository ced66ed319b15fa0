// Goal: Vietnamese names are found without marks and sorted as in a dictionary.
// Method: vectors.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {compareVi, fold, matches} from './text';

test('folding takes every mark away, of composed and decomposed text', () => {
  assert.equal(fold('Thôn Đồng Tâm'), 'thon dong tam');
  assert.equal(fold('Thôn Đồng Tâm'.normalize('NFD')), 'thon dong tam');
  assert.equal(fold('ĂÂĐÊÔƠƯ ăâđêôơư'), 'aadeoou aadeoou');
  assert.equal(fold('Nguyễn  Thị\tHằng '), 'nguyen thi hang');
  assert.equal(fold('Ửu ỷ ợ ẵ'), 'uu y o a');
});

test('every word of the search must be there, in any order, with marks or without', () => {
  assert.ok(matches('Xã Đồng Tâm', 'dong'));
  assert.ok(matches('Xã Đồng Tâm', 'tâm ĐỒNG'));
  assert.ok(matches('Xã Đồng Tâm', ''));
  assert.ok(matches('Xã Đồng Tâm', '  '));
  assert.ok(!matches('Xã Đồng Tâm', 'dong an'));
});

test('the order is the Vietnamese alphabet\'s, then the tones\', and numbers by value', () => {
  const wanted = ['An', 'Ăn', 'Ân', 'Dân', 'Đa', 'Đào', 'Em', 'Ê', 'Oanh', 'Ô', 'Ơ', 'Thôn 2', 'Thôn 10', 'Uy', 'Ưu'];
  assert.deepEqual([...wanted].reverse().sort(compareVi), wanted);
  const tones = ['ma', 'mà', 'mả', 'mã', 'má', 'mạ'];
  assert.deepEqual([...tones].reverse().sort(compareVi), tones);
});
