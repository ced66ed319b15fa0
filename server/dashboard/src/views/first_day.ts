// The first day of which something is known of an area. A log begins with
// entries of no day, and an area may be younger than its log.

// Local day of a position; 0 where nothing is known of the area yet.
export type DayAt = (position: bigint, signal: AbortSignal) => Promise<number>;

// A log of 2^32 entries takes no more; each is a watch of the past.
export const ASKED_MAX = 64;

// 0 if it cannot be found. Asks for one position at a time, and for none after
// `signal`. Throws what `dayAt` throws.
export async function firstDay(dayAt: DayAt, lastPosition: bigint, signal: AbortSignal): Promise<number> {
  let asked = 0;
  const ask = (position: bigint): Promise<number> => {
    signal.throwIfAborted();
    asked += 1;
    return dayAt(position, signal);
  };
  let before = 0n;
  let at = 1n;
  let day = await ask(at);
  while (day === 0 && at < lastPosition && asked < ASKED_MAX) {
    before = at;
    at = at * 2n < lastPosition ? at * 2n : lastPosition;
    day = await ask(at);
  }
  while (day !== 0 && at - before > 1n) {
    if (asked >= ASKED_MAX) return 0;
    const middle = (before + at) / 2n;
    const found = await ask(middle);
    if (found === 0) {
      before = middle;
    } else {
      at = middle;
      day = found;
    }
  }
  signal.throwIfAborted();
  return day;
}
