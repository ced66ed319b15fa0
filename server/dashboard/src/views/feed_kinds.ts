// Which events a feed shows, and how many wait while it is paused.
import type {EventView} from '../model/model';
import {EVENT_TYPES, groupOf, GROUPS, typeName} from './event_words';

// The stream keeps so many, the newest.
export const FEED_MAX = 200;

// Whether the event is of `kind`: '' is every kind, a group's name, or the name
// of a payload.
export function isOfKind(event: EventView, kind: string): boolean {
  if (kind === '') return true;
  const name = typeName(event.type);
  return name === kind || groupOf(name) === kind;
}

// A kind that the route may name; '' for anything else.
export function kindOf(filter: string): string {
  return filter in GROUPS || filter in EVENT_TYPES ? filter : '';
}

export interface Waiting {
  readonly count: number;
  readonly atLeast: boolean; // more may have come and gone
}

// How many events of the kind came after `position`.
export function waitingSince(events: readonly EventView[], position: bigint, kind: string): Waiting {
  let found = 0;
  for (const event of events) {
    if (event.position <= position) return {count: found, atLeast: false};
    if (isOfKind(event, kind)) ++found;
  }
  return {count: found, atLeast: events.length >= FEED_MAX};
}
