// Goal: a CSV opens in a spreadsheet as it is, marks and all, and runs nothing.
// Method: vectors.
import assert from 'node:assert/strict';
import {test} from 'node:test';
import {toCsv, toCsvText} from './csv';

test('cells are quoted where they must be, lines end in CRLF', () => {
  assert.equal(toCsvText([['a', 'b'], ['x, "y"', 'two\nlines']]), 'a,b\r\n"x, ""y""","two\nlines"\r\n');
});

test('a cell that a spreadsheet would run is text; a number stays one', () => {
  const first = (cell: string): string => toCsvText([[cell]]).trimEnd();
  for (const risky of ['=1+1', '+84 912', '-cmd', '@SUM(A1)']) assert.equal(first(risky), `'${risky}`);
  assert.equal(toCsvText([['\t=1+1']]), "'\t=1+1\r\n");
  for (const number of ['-300000', '12', '-1,5', '0.5']) {
    assert.equal(first(number), number.includes(',') ? `"${number}"` : number);
  }
  assert.equal(first('=HYPERLINK("http://x","y")'), '"\'=HYPERLINK(""http://x"",""y"")"');
});

test('the file is UTF-8 with a byte order mark', async () => {
  const bytes = new Uint8Array(await toCsv([['Đồng']]).arrayBuffer());
  assert.deepEqual([...bytes.subarray(0, 3)], [0xef, 0xbb, 0xbf]);
  assert.equal(new TextDecoder('utf-8').decode(bytes), 'Đồng\r\n');
});
