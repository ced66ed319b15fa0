// Which area the page follows, for a viewer who may see more than one: the units
// of their grants, or, with a grant of the whole log, every province.
import {effect} from '@preact/signals';
import type {JSX} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import {Code, ConnectError} from '@connectrpc/connect';
import type {GetViewerResponse} from '../gen/thon/v1/query_service_pb';
import {Role, UnitLevel} from '../gen/thon/v1/event_pb';
import type {UnitRow} from '../gen/thon/v1/rows_pb';
import {t} from '../lib/i18n';
import {compareVi} from '../lib/text';
import {go} from '../lib/url';
import {api} from '../live/api';
import {live} from '../live/live';

interface Choice {
  id: bigint;
  name: string;
}

const PAGE_SIZE = 1000;

function nameOf(unit: UnitRow): string {
  return unit.names[unit.names.length - 1]?.name ?? String(unit.unitId);
}

async function provinces(): Promise<Choice[]> {
  const choices: Choice[] = [];
  let pageToken = '';
  do {
    const page = await api.query.listUnits({level: UnitLevel.PROVINCE, pageSize: PAGE_SIZE, pageToken});
    for (const unit of page.units) choices.push({id: unit.unitId, name: nameOf(unit)});
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return choices;
}

// Whether a viewer has more than one area to choose from.
export function mayChoose(viewer: GetViewerResponse | undefined): boolean {
  const grants = viewer?.grants.filter((g) => g.role !== Role.UNSPECIFIED) ?? [];
  return new Set(grants.map((g) => g.unitId)).size > 1 || grants.some((g) => g.unitId === 0n);
}

async function choicesOf(viewer: GetViewerResponse): Promise<Choice[]> {
  const byId = new Map<bigint, string>();
  for (const unit of viewer.units) {
    if (unit.unitId !== 0n) byId.set(unit.unitId, nameOf(unit));
  }
  if (viewer.grants.some((g) => g.unitId === 0n)) {
    for (const choice of await provinces()) byId.set(choice.id, choice.name);
  }
  return [...byId].map(([id, name]) => ({id, name})).sort((a, b) => compareVi(a.name, b.name));
}

const STORED = 'thon.scope';

function remember(unit: bigint): void {
  try {
    if (unit === 0n) localStorage.removeItem(STORED);
    else localStorage.setItem(STORED, String(unit));
  } catch {
    // The choice holds for this page only.
  }
}

function remembered(): bigint {
  try {
    const text = localStorage.getItem(STORED) ?? '';
    return /^\d{1,19}$/.test(text) ? BigInt(text) : 0n;
  } catch {
    return 0n;
  }
}

// The area that was chosen last is shown again at once: a screen on a wall comes
// back by itself after a power cut. Where nothing is to be chosen, or the choice
// is not the viewer's any more, this does nothing.
export function startScope(): void {
  effect(() => {
    const viewer = live.viewer.value;
    if (!viewer || live.scope.peek() !== 0n || !mayChoose(viewer)) return;
    const unit = remembered();
    const allowed = viewer.grants.some((g) => g.unitId === unit || g.unitId === 0n);
    if (unit === 0n || !allowed) return;
    // Not before whoever found the viewer has said the area of this visit.
    queueMicrotask(() => {
      if (live.scope.peek() === 0n) live.setScope(unit);
    });
  });
}

export function chooseScope(unit: bigint): void {
  remember(unit);
  go({page: 'overview', unit: 0n, team: 0n, filter: '', q: '', sort: '', month: 0});
  live.setScope(unit);
}

// Back to the choice.
export function forgetScope(): void {
  remember(0n);
  go({page: 'overview', unit: 0n, team: 0n, at: undefined, filter: '', q: '', sort: '', month: 0});
  live.setScope(0n);
}

export function ScopePicker(): JSX.Element {
  const viewer = live.viewer.value;
  const [choices, setChoices] = useState<Choice[] | undefined>();
  const [failure, setFailure] = useState('');
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!viewer) return;
    let left = false;
    setFailure('');
    choicesOf(viewer).then(
      (found) => {
        if (left) return;
        // One area is no choice.
        if (found.length === 1) live.setScope(found[0]!.id);
        else setChoices(found);
      },
      (error: unknown) => {
        const {code, rawMessage} = ConnectError.from(error);
        if (!left) setFailure(`${Code[code]}: ${rawMessage}`);
      },
    );
    return () => {
      left = true;
    };
  }, [viewer, attempt]);
  return (
    <section class="screen card" data-test="scope-picker" aria-labelledby="scope-title">
      <h1 id="scope-title">{t('scope.title')}</h1>
      {failure !== '' ? (
        <>
          <p>
            {t('scope.failed')} <span class="quiet-text">{failure}</span>
          </p>
          <p>
            <button type="button" onClick={() => setAttempt(attempt + 1)}>{t('login.again')}</button>
          </p>
        </>
      ) : choices === undefined ? (
        <p>{t('scope.loading')}</p>
      ) : choices.length === 0 ? (
        <p>{t('scope.none')}</p>
      ) : (
        <>
          <p class="quiet-text">{t('scope.intro')}</p>
          <ul class="choices">
            {choices.map((choice) => (
              <li key={String(choice.id)}>
                <button type="button" data-test={`scope-${choice.id}`} onClick={() => chooseScope(choice.id)}>
                  {choice.name}
                </button>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
