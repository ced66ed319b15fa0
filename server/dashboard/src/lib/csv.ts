// Tables as CSV for spreadsheets.

// A cell that a spreadsheet would take for a formula gets an apostrophe before
// it. Plain numbers stay numbers.
function cell(value: string): string {
  const risky = /^[=+\-@\t\r]/.test(value) && !/^-?\d+([.,]\d+)?$/.test(value);
  const text = risky ? `'${value}` : value;
  return /[",;\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

export function toCsvText(rows: readonly (readonly string[])[]): string {
  return rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('');
}

// UTF-8 with a byte order mark, without which Excel guesses another encoding;
// CRLF.
export function toCsv(rows: readonly (readonly string[])[]): Blob {
  return new Blob(['\ufeff', toCsvText(rows)], {type: 'text/csv;charset=utf-8'});
}

// Offers `blob` to the person as a file.
export function download(name: string, blob: Blob): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads the blob after this returns.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
