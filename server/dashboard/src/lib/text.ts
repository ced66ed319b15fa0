// Vietnamese text: searching without marks, sorting with them.

// Lower case, without tone marks and other marks, đ as d; white space as one
// blank. "Thôn Đồng Tâm" is "thon dong tam".
export function fold(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/đ/g, 'd')
    .replace(/\s+/g, ' ')
    .trim();
}

// Whether every word of `needle` is in `haystack`, marks aside. An empty needle
// matches everything.
export function matches(haystack: string, needle: string): boolean {
  return matchesFolded(fold(haystack), fold(needle));
}

// The same for texts that are folded already: for long lists.
export function matchesFolded(haystack: string, needle: string): boolean {
  return needle.split(' ').every((word) => haystack.includes(word));
}

const collator = new Intl.Collator('vi', {numeric: true});

// The order of Vietnamese names; numbers in them by value: "Thôn 2" before
// "Thôn 10".
export function compareVi(a: string, b: string): number {
  return collator.compare(a, b);
}
