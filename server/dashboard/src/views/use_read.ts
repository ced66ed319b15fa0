// Reading from a component: what was read stays shown while it is read again.
import {Code, ConnectError} from '@connectrpc/connect';
import {useEffect, useReducer, useRef} from 'preact/hooks';

// What a person is told of a failed call.
export function failureText(error: unknown): string {
  const failure = ConnectError.from(error);
  return failure.rawMessage === '' ? Code[failure.code] : failure.rawMessage;
}

export const isDenied = (error: unknown): boolean => {
  const {code} = ConnectError.from(error);
  return code === Code.PermissionDenied || code === Code.NotFound;
};

export interface Read<T> {
  readonly value: T | undefined;
  readonly error: unknown; // of the last try; undefined if it went well
  readonly loading: boolean;
  again(): void;
}

// Between two reads of one thing that keeps changing.
const GAP_MS = 1_000;

interface State<T> {
  of: string;
  value: T | undefined;
  error: unknown;
  loading: boolean;
  readMs: number;
}

// Reads `what` with load(), and again whenever `version` changes, but never two
// at a time and at most once a second. Another `what` drops the value.
export function useRead<T>(what: string, version: number, load: (signal: AbortSignal) => Promise<T>): Read<T> {
  const [tries, again] = useReducer((n: number, _: undefined) => n + 1, 0);
  const [, redraw] = useReducer((n: number, _: undefined) => n + 1, 0);
  const state = useRef<State<T>>({of: what, value: undefined, error: undefined, loading: true, readMs: 0});
  if (state.current.of !== what) {
    state.current = {of: what, value: undefined, error: undefined, loading: true, readMs: 0};
  }
  const loader = useRef(load);
  loader.current = load;
  const wanted = useRef(0);
  wanted.current = version + tries;
  useEffect(() => {
    const mine = state.current;
    const cancel = new AbortController();
    let done = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let read = -1;
    const run = async (): Promise<void> => {
      read = wanted.current;
      mine.loading = true;
      mine.readMs = performance.now();
      try {
        mine.value = await loader.current(cancel.signal);
        mine.error = undefined;
      } catch (error) {
        if (done) return;
        mine.error = error;
      }
      if (done) return;
      mine.loading = false;
      redraw(undefined);
      if (wanted.current !== read) later();
    };
    const later = (): void => {
      if (timer !== undefined || mine.loading) return;
      timer = setTimeout(() => {
        timer = undefined;
        void run();
      }, Math.max(0, GAP_MS - (performance.now() - mine.readMs)));
    };
    starters.current = later;
    void run();
    return () => {
      done = true;
      cancel.abort();
      clearTimeout(timer);
    };
  }, [what]);
  const starters = useRef<() => void>(() => undefined);
  const first = useRef(true);
  useEffect(() => {
    // The first read has begun already.
    if (first.current) {
      first.current = false;
      return;
    }
    starters.current();
  }, [version, tries]);
  const {value, error, loading} = state.current;
  return {value, error, loading, again: () => again(undefined)};
}
