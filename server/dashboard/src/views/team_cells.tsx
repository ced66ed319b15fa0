// What a cell of the teams table says: for the eye, for paper, and for a file.
import type {JSX} from 'preact';
import {count, date, dateTime, money, month} from '../lib/format';
import {t, type TextKey} from '../lib/i18n';
import {callReasons, type CallReason, type Column, type TeamLine} from './team_rows';

// Who leads a team: members by id, since the log knows no names.
export interface Contact {
  readonly member: bigint;
  readonly seat: number; // Seat
}

export interface CellContext {
  readonly today: number;
  readonly month: number; // shown
  // By team; undefined until they are read.
  readonly contacts: ReadonlyMap<bigint, readonly Contact[]> | undefined;
  // How many of a team's events are held, for the call list; as far as read.
  readonly held: ReadonlyMap<bigint, number>;
}

export type Tone = 'good' | 'warn' | 'bad' | 'plain';

interface StateWord {
  readonly key: TextKey;
  readonly tone: Tone;
}

// What is the matter with a team, the gravest first; at least one word.
export function stateWords(line: TeamLine): StateWord[] {
  const words: StateWord[] = [];
  if (line.ended) return [{key: 'teams.state.ended', tone: 'plain'}];
  if (line.suspended) words.push({key: 'teams.state.suspended', tone: 'plain'});
  if (line.neverSynced) {
    words.push({key: 'teams.state.neverSynced', tone: 'bad'});
  } else if (line.quiet) {
    words.push({key: line.neverActive ? 'teams.state.neverActive' : 'teams.state.quiet', tone: 'bad'});
  } else if (!line.suspended) {
    words.push(line.active ? {key: 'teams.state.active', tone: 'good'} : {key: 'teams.state.idle', tone: 'plain'});
  }
  if (!line.neverSynced && line.phonesSilent) words.push({key: 'teams.state.phonesSilent', tone: 'warn'});
  if (line.anyHeld || line.heldMonths.length > 0) words.push({key: 'teams.state.held', tone: 'warn'});
  return words;
}

// `held`: how many events, if that is known.
export function reasonText(reason: CallReason, held: number | undefined): string {
  switch (reason.kind) {
    case 'neverSynced':
      return t('teams.why.neverSynced');
    case 'neverActive':
      return t('teams.why.neverActive', {month: month(reason.since)});
    case 'phonesSilent':
      return t('teams.why.phonesSilent', {n: count(reason.days), date: date(reason.date)});
    case 'quiet':
      return t('teams.why.quiet', {n: count(reason.days), date: date(reason.date)});
    case 'heldEvents':
      return held === undefined ? t('teams.why.heldSome') : t('teams.why.heldEvents', {n: count(held)});
    case 'heldMonth':
      return t('teams.why.heldMonth', {month: month(reason.month)});
  }
}

const reasonTexts = (line: TeamLine, context: CellContext): string[] =>
  callReasons(line, context.today).map((reason) => reasonText(reason, context.held.get(line.id)));

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function contactText(line: TeamLine, context: CellContext): string {
  if (context.contacts === undefined) return '…';
  const contacts = context.contacts.get(line.id) ?? [];
  if (contacts.length === 0) return sentence(t('teams.who.none'));
  return contacts
    .map((contact) => `${t(`seat.${contact.seat}` as TextKey)}: ${t('teams.who.member', {id: contact.member})}`)
    .join('; ');
}

function updateText(line: TeamLine): string {
  if (line.updateDate === 0) return t('teams.update.missing');
  const submitted = date(line.updateDate);
  return line.updateConfirmed ? `${submitted}, ${t('teams.update.confirmed')}` : submitted;
}

export function moneyWords(line: TeamLine): string {
  return line.money === undefined ? t('teams.money.none') : t(`teams.money.${line.money}`);
}

// The cell as text, the way it is shown.
export function cellText(line: TeamLine, column: Column, context: CellContext): string {
  switch (column) {
    case 'name':
      return line.name;
    case 'place':
      return line.place;
    case 'state':
      return stateWords(line).map((word) => t(word.key)).join('; ');
    case 'days':
      return count(line.days);
    case 'activities':
      return count(line.activities);
    case 'people':
      return count(line.people);
    case 'lastActive':
      return date(line.lastActive);
    case 'lastHeard':
      return dateTime(line.lastHeard);
    case 'update':
      return updateText(line);
    case 'held':
      return count(line.held);
    case 'money':
      return moneyWords(line);
    case 'amount':
      return money(line.amount);
    case 'who':
      return contactText(line, context);
    case 'why':
      return reasonTexts(line, context).join('. ');
  }
}

// The cell for a spreadsheet: the same, but numbers that it can add up, without
// grouping and without a unit.
export function cellCsv(line: TeamLine, column: Column, context: CellContext): string {
  switch (column) {
    case 'days':
    case 'activities':
    case 'people':
    case 'held':
    case 'amount':
      return String(line[column]);
    default:
      return cellText(line, column, context);
  }
}

export function columnTitle(column: Column): string {
  return t(`teams.col.${column}`);
}

export const NUMBER_COLUMNS: ReadonlySet<Column> = new Set(['days', 'activities', 'people', 'held', 'amount']);

export function Badge({tone, children}: {tone: Tone; children: JSX.Element | string}): JSX.Element {
  return (
    <span class="badge" data-tone={tone}>
      {children}
    </span>
  );
}

// The cell for the eye.
export function Cell({line, column, context}: {line: TeamLine; column: Column; context: CellContext}): JSX.Element {
  switch (column) {
    case 'state':
      return (
        <span class="badges">
          {stateWords(line).map((word) => (
            <Badge key={word.key} tone={word.tone}>
              {t(word.key)}
            </Badge>
          ))}
        </span>
      );
    case 'why':
      return (
        <span class="reasons">
          {reasonTexts(line, context).join(' · ')}
        </span>
      );
    case 'money':
      return (
        <span class="money-state" data-money={line.money ?? 'none'}>
          {moneyWords(line)}
        </span>
      );
    default: {
      const empty =
        (NUMBER_COLUMNS.has(column) && column !== 'amount' && line[column as 'days'] === 0) ||
        (column === 'amount' && line.amount === 0n) ||
        (column === 'update' && line.updateDate === 0);
      return <span class={empty ? 'nothing' : undefined}>{cellText(line, column, context)}</span>;
    }
  }
}
