// What the teams table has beside its lines: what the call list reads.
import {useEffect, useRef, useState} from 'preact/hooks';
import {route, type AtParam} from '../lib/url';
import {live} from '../live/live';
import type {Model} from '../model/model';
import {countHeld, readContacts} from './contacts';
import type {Contact} from './team_cells';
import type {TeamLine} from './team_rows';

const momentKey = (at: AtParam | undefined): string => (at === undefined ? '' : 'date' in at ? `d${at.date}` : `p${at.position}`);

export interface Contacts {
  readonly map: ReadonlyMap<bigint, readonly Contact[]> | undefined;
  readonly failed: boolean;
  again(): void;
}

// Read while the call list is shown.
export function useContacts(wanted: boolean): Contacts {
  const [map, setMap] = useState<ReadonlyMap<bigint, readonly Contact[]>>();
  const [failed, setFailed] = useState(false);
  const [tries, setTries] = useState(0);
  const {at, unit} = route.value;
  const {scope, localDate} = live.model.value;
  const root = unit === 0n ? scope : unit;
  const moment = momentKey(at);
  useEffect(() => {
    if (!wanted || localDate === 0) return undefined;
    const cancel = new AbortController();
    setFailed(false);
    readContacts(root, at, localDate, cancel.signal).then(setMap, () => {
      if (!cancel.signal.aborted) setFailed(true);
    });
    return () => cancel.abort();
  }, [wanted, root, moment, localDate, tries]);
  return {map, failed, again: () => setTries(tries + 1)};
}

// How many events of a team are held, read while the call list is shown, and
// again when the stream says otherwise of any of these teams.
export function useHeld(model: Model, lines: readonly TeamLine[], wanted: boolean): ReadonlyMap<bigint, number> {
  const [held, setHeld] = useState<ReadonlyMap<bigint, number>>(new Map());
  const {at} = route.value;
  const asked = wanted ? lines.filter((line) => line.anyHeld) : [];
  const seen = useRef<{lines: readonly TeamLine[]; version: number}>({lines: [], version: 0});
  if (asked.length !== seen.current.lines.length || asked.some((line, index) => line !== seen.current.lines[index])) {
    seen.current = {lines: asked, version: seen.current.version + 1};
  }
  const {version} = seen.current;
  useEffect(() => {
    if (asked.length === 0) return undefined;
    const cancel = new AbortController();
    const teams = asked.map((line) => ({
      id: line.id,
      authors: (model.phones.get(line.id) ?? []).map((phone) => phone.author),
    }));
    // A moment later: while phones send, the lines change with each batch.
    const timer = setTimeout(() => {
      countHeld(teams, at, cancel.signal, setHeld).catch(() => undefined); // The list says «some».
    }, 300);
    return () => {
      clearTimeout(timer);
      cancel.abort();
    };
  }, [version, wanted, momentKey(at)]);
  return held;
}
