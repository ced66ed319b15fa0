// Random tests print one seed and run again with it from THON_SEED.

export interface Random {
  // From 0 to below `below`, whole.
  next(below: number): number;
  bytes(size: number): Uint8Array;
  chance(percent: number): boolean;
}

export function seed(): number {
  const given = process.env.THON_SEED;
  const value = given ? Number(given) : Math.floor(Math.random() * 0x7fff_ffff);
  console.log(`THON_SEED=${value}`);
  return value;
}

// Mulberry32: small, and the same everywhere.
export function random(start: number): Random {
  let state = start >>> 0;
  const unit = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const next = (below: number): number => Math.floor(unit() * below);
  return {
    next,
    bytes: (size) => Uint8Array.from({length: size}, () => next(256)),
    chance: (percent) => next(100) < percent,
  };
}
