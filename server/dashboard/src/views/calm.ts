// A model that a page of much work can follow: while the stream changes faster
// than the page draws, it skips steps, and always shows the newest one in the
// end. What it skips is a fraction of a second.
import {useEffect, useReducer, useRef} from 'preact/hooks';
import type {Model} from '../model/model';

// Of the time, at most this part is spent on a page's work, unless a step would
// wait longer than that for it.
const PART = 1 / 4;
const WAIT_MAX_MS = 500;

// How long `newest` has to wait if the last one took `costMs` at `atMs`.
export function waitOf(shown: Model, newest: Model, atMs: number, costMs: number, nowMs: number): number {
  // Another area, or another moment: not a step but another page.
  if (!shown.ready || shown.scope !== newest.scope || newest.position < shown.position) return 0;
  return Math.max(0, atMs + Math.min(costMs / PART, WAIT_MAX_MS) - nowMs);
}

// The model to show now. `cost` is what the last one cost, written by the caller.
export function useCalm(newest: Model, cost: {ms: number}): Model {
  const state = useRef({shown: newest, atMs: 0});
  const [, redraw] = useReducer((n: number, _: undefined) => n + 1, 0);
  const now = performance.now();
  const wait = newest === state.current.shown ? 0 : waitOf(state.current.shown, newest, state.current.atMs, cost.ms, now);
  if (newest !== state.current.shown && wait === 0) state.current = {shown: newest, atMs: now};
  useEffect(() => {
    if (wait === 0) return undefined;
    const timer = setTimeout(() => redraw(undefined), wait);
    return () => clearTimeout(timer);
  });
  return state.current.shown;
}
