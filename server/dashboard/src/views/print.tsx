// The printed report: a head on its first page, and in the margins of every page
// the title, the area, the position, the digest and the page's number.
//
// Margin boxes take their texts from a rule that is written just before the
// browser prints, since a page's margin sees no element. Browsers without margin
// boxes print the head only.
import type {JSX} from 'preact';
import {count, date, dateTime} from '../lib/format';
import {t} from '../lib/i18n';
import {route} from '../lib/url';
import {live} from '../live/live';

function momentText(): string {
  const at = route.value.at;
  if (at && 'date' in at) return t('print.past', {date: date(at.date)});
  return t('print.time', {time: dateTime(live.status.value.serverTimeMs)});
}

const currentButBad = (): boolean => {
  const {state} = live.status.value;
  return state !== 'live' && state !== 'past';
};

// A CSS string: nothing in a name may end it.
function cssString(text: string): string {
  return `"${text.replace(/["\\\n\r\f]/g, (c) => `\\${c.charCodeAt(0).toString(16)} `)}"`;
}

function pageRule(area: string): string {
  const {position, digest} = live.status.peek();
  const warning = currentButBad() ? ` – ${t('print.notLive')}` : '';
  const box = (name: string, content: string): string => `@${name} { content: ${content}; }`;
  return `@page {
    ${box('top-left', cssString(`${t('print.report')} – ${area}`))}
    ${box('top-right', cssString(`${t('print.position', {position: count(position)})}${warning}`))}
    ${box('bottom-left', cssString(`${momentText()}. ${t('print.digest', {digest})}`))}
    ${box('bottom-right', `${cssString(`${t('print.page')} `)} counter(page) "/" counter(pages)`)}
  }`;
}

const sheet = new CSSStyleSheet();

// `area` says what the page is about when it is asked.
export function startPrint(area: () => string): void {
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  window.addEventListener('beforeprint', () => sheet.replaceSync(pageRule(area())));
}

// The head of the first page.
export function PrintHead({area}: {area: string}): JSX.Element {
  const status = live.status.value;
  return (
    <header class="print-only print-head" aria-hidden="true" data-test="print-head">
      <p class="print-title">{t('print.report')}</p>
      <p class="print-area">{area}</p>
      <p>
        {momentText()} · {t('print.position', {position: count(status.position)})}
        {currentButBad() && <strong> · {t('print.notLive')}</strong>}
      </p>
      <p class="print-digest">{t('print.digest', {digest: status.digest})}</p>
    </header>
  );
}
