// Time as the live part of the page uses it; tests have one of their own.

export type TimerId = unknown;

export interface Clock {
  // This computer's clock, which somebody may set.
  wallMs(): number;
  // A clock that nobody sets, but that may stand still while the computer
  // sleeps.
  steadyMs(): number;
  after(ms: number, run: () => void): TimerId;
  cancel(timer: TimerId): void;
  // From 0 to below 1.
  random(): number;
}

export const realClock: Clock = {
  wallMs: () => Date.now(),
  steadyMs: () => performance.now(),
  after: (ms, run) => setTimeout(run, ms),
  cancel: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
  random: () => Math.random(),
};

// A moment to count from.
export interface Mark {
  readonly wallMs: number;
  readonly steadyMs: number;
}

export function mark(clock: Clock): Mark {
  return {wallMs: clock.wallMs(), steadyMs: clock.steadyMs()};
}

// How long ago, by the clock that says more: asleep or set back, time that may
// have gone by has gone by.
export function sinceMs(clock: Clock, from: Mark): number {
  return Math.max(clock.wallMs() - from.wallMs, clock.steadyMs() - from.steadyMs);
}
