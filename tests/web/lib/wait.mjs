// Waiting for what must happen: never a sleep that hopes.

// Longest wait for something that happens in a moment on an idle machine. Only
// a test that fails waits so long.
export const PATIENCE_MS = Number(process.env.THON_WEB_PATIENCE_MS ?? 120_000);

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Thrown by what is asked: waiting is over, it can never become true.
export class Hopeless extends Error {}

// What `ask` says as soon as that is true; `what` is for the message.
export async function until(what, ask, patienceMs = PATIENCE_MS) {
  const end = Date.now() + patienceMs;
  let last;
  for (let ms = 10; ; ms = Math.min(ms * 1.5, 250)) {
    try {
      last = await ask();
      if (last) return last;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      last = error;
    }
    if (Date.now() > end) {
      throw new Error(`waited ${patienceMs} ms for: ${what}; the last answer: ${last?.stack ?? JSON.stringify(last)}`);
    }
    await pause(ms);
  }
}
