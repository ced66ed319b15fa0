// An address that follows what is shown a moment later: browsers do not let a
// page change it with every key.

export interface AddressBar {
  hash(): string;
  // Changes the address of the present entry of the history.
  replace(hash: string): void;
}

export interface Timers {
  after(ms: number, run: () => void): unknown;
  cancel(timer: unknown): void;
}

export const LATE_MS = 200;

export class LateHash {
  // `from` is the address that `wanted` is to replace.
  private waiting: {from: string; wanted: string; timer: unknown} | undefined;

  constructor(
    private readonly bar: AddressBar,
    private readonly timers: Timers,
  ) {}

  // Writes `wanted` when nothing was asked for LATE_MS.
  write(wanted: string): void {
    const from = this.waiting?.from ?? this.bar.hash();
    this.drop();
    this.waiting = {from, wanted, timer: this.timers.after(LATE_MS, () => this.flush())};
  }

  // Writes what waits at once, unless one has gone elsewhere since.
  flush(): void {
    const {waiting} = this;
    this.drop();
    if (waiting === undefined || this.bar.hash() !== waiting.from) return;
    if (waiting.wanted !== waiting.from) this.bar.replace(waiting.wanted);
  }

  // What waits is not written any more.
  drop(): void {
    if (this.waiting !== undefined) this.timers.cancel(this.waiting.timer);
    this.waiting = undefined;
  }
}
