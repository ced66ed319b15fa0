// Light or dark: as the computer has it, or as the reader chose. The choice is
// kept; <html data-theme> always says which of the two is shown.
import {computed, effect, signal} from '@preact/signals';

export const THEMES = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

const STORED = 'thon.theme';

function stored(): Theme {
  try {
    const value = localStorage.getItem(STORED);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    return 'auto';
  }
}

export const theme = signal<Theme>(stored());

const darkQuery = window.matchMedia('(prefers-color-scheme: dark)');
const systemDark = signal(darkQuery.matches);
darkQuery.addEventListener('change', (event) => {
  systemDark.value = event.matches;
});

export const dark = computed(() =>
  theme.value === 'auto' ? systemDark.value : theme.value === 'dark',
);

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!;
  try {
    localStorage.setItem(STORED, theme.value);
  } catch {
    // The choice holds for this page only.
  }
}

// Whether the page is being printed: what is drawn by script follows the paper,
// which is light.
export const printing = signal(false);

export function startTheme(): void {
  effect(() => {
    document.documentElement.dataset.theme = dark.value ? 'dark' : 'light';
  });
  window.addEventListener('beforeprint', () => {
    printing.value = true;
  });
  window.addEventListener('afterprint', () => {
    printing.value = false;
  });
}
