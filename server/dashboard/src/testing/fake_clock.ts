// A clock that moves when a test says so.
import type {Clock, TimerId} from '../live/clock';

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

// Lets everything run that waits for nothing but its turn.
export async function settle(): Promise<void> {
  for (let i = 0; i < 8; ++i) await new Promise((resolve) => setImmediate(resolve));
}

export class FakeClock implements Clock {
  // An instant in 2026; no test reads the real one.
  wall = 1_790_000_000_000;
  steady = 1_000;
  jitter = 0;
  private readonly timers = new Set<Timer>();

  wallMs(): number {
    return this.wall;
  }

  steadyMs(): number {
    return this.steady;
  }

  random(): number {
    return this.jitter;
  }

  after(ms: number, run: () => void): TimerId {
    const timer = {dueMs: this.steady + ms, run};
    this.timers.add(timer);
    return timer;
  }

  cancel(timer: TimerId): void {
    this.timers.delete(timer as Timer);
  }

  // Lets `ms` go by: every timer in its order, and what it causes.
  async advance(ms: number): Promise<void> {
    const end = this.steady + ms;
    await settle();
    for (;;) {
      const due = [...this.timers]
        .filter((timer) => timer.dueMs <= end)
        .sort((a, b) => a.dueMs - b.dueMs)[0] as Timer | undefined;
      if (!due) break;
      this.timers.delete(due);
      this.moveTo(Math.max(due.dueMs, this.steady));
      due.run();
      await settle();
    }
    this.moveTo(end);
    await settle();
  }

  // The computer sleeps: the wall clock goes on, the steady one does not, and
  // no timer runs.
  sleep(ms: number): void {
    this.wall += ms;
  }

  private moveTo(steady: number): void {
    this.wall += steady - this.steady;
    this.steady = steady;
  }
}
