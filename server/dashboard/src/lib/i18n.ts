// The page's language: Vietnamese first, English beside it.
import {effect, signal} from '@preact/signals';
import {texts} from './texts';

export type Lang = 'vi' | 'en';
export type TextKey = keyof typeof texts;
export type TextArgs = Record<string, string | number | bigint>;

const STORED = 'thon.lang';

function stored(): Lang {
  try {
    return globalThis.localStorage?.getItem(STORED) === 'en' ? 'en' : 'vi';
  } catch {
    return 'vi'; // Storage is refused to the page.
  }
}

// Read it inside a component or an effect, so that a change shows.
export const lang = signal<Lang>(stored());

// For screen readers, hyphenation and the choice of fonts.
if (typeof document !== 'undefined') {
  effect(() => {
    document.documentElement.lang = lang.value;
  });
}

// Changes the language here and on the next visit.
export function setLang(value: Lang): void {
  lang.value = value;
  try {
    globalThis.localStorage?.setItem(STORED, value);
  } catch {
    // Storage is refused: the choice holds for this page only.
  }
}

// The text in the page's language, with {name} replaced from `args`.
export function t(key: TextKey, args?: TextArgs): string {
  const text: string = texts[key][lang.value === 'vi' ? 0 : 1];
  if (!args) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in args ? String(args[name]) : whole,
  );
}
