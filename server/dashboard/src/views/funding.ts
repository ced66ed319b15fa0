// What the funding decisions that cover a month allow, and what a unit's
// determinations take of it. Pure.
import {type MoneySum, teamsBelow} from '../model/aggregate';
import type {DeterminationState, DeterminationView, FundingView, Model} from '../model/model';

export interface FundingUse {
  // Covering the month.
  readonly fundings: readonly FundingView[];
  readonly ceiling: bigint;
  // The unit's determinations that fall under them, over all their months.
  readonly byState: ReadonlyMap<DeterminationState, MoneySum>;
  readonly used: bigint;
  // False: they began before the first month that the page follows.
  readonly complete: boolean;
}

const covers = (f: FundingView, month: number): boolean =>
  f.firstMonth <= month && month <= f.lastMonth;

export function fundingUse(model: Model, unit: bigint, month: number): FundingUse {
  const fundings = model.fundings.filter((f) => covers(f, month));
  const byState = new Map<DeterminationState, MoneySum>();
  let used = 0n;
  const add = (d: DeterminationView): void => {
    if (!fundings.some((f) => f.policyId === d.policyId && covers(f, d.month))) return;
    const sum = byState.get(d.state) ?? {count: 0, amount: 0n};
    byState.set(d.state, {count: sum.count + 1, amount: sum.amount + d.amount});
    used += d.amount;
  };
  if (fundings.length > 0) {
    for (const team of teamsBelow(model, unit)) model.determinations.get(team)?.forEach(add);
  }
  return {
    fundings,
    ceiling: fundings.reduce((sum, f) => sum + f.ceiling, 0n),
    byState,
    used,
    complete: fundings.every((f) => f.firstMonth >= model.firstMonth),
  };
}
