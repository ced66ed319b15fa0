// Rows of a watched table, decoded and grouped, with each group's value made
// again only when one of its rows changed.

export interface Decoded<V> {
  readonly group: bigint;
  readonly value: V;
}

// Thread of use: set() and friends while a step is applied, then publish() once.
// What publish() returned is never changed afterwards.
export class GroupTable<V, G> {
  private readonly byKey = new Map<string, Decoded<V>>();
  private readonly groups = new Map<bigint, Map<string, V>>();
  private readonly dirty = new Set<bigint>();
  private published: ReadonlyMap<bigint, G> = new Map();

  // `build` makes a group's value of its rows, at least one, in no order.
  constructor(private readonly build: (values: V[]) => G) {}

  clear(): void {
    for (const group of this.groups.keys()) this.dirty.add(group);
    this.byKey.clear();
    this.groups.clear();
  }

  set(key: string, {group, value}: Decoded<V>): void {
    this.remove(key);
    this.byKey.set(key, {group, value});
    let rows = this.groups.get(group);
    if (!rows) this.groups.set(group, (rows = new Map()));
    rows.set(key, value);
    this.dirty.add(group);
  }

  remove(key: string): void {
    const before = this.byKey.get(key);
    if (!before) return;
    this.byKey.delete(key);
    const rows = this.groups.get(before.group);
    rows?.delete(key);
    if (rows?.size === 0) this.groups.delete(before.group);
    this.dirty.add(before.group);
  }

  // Makes every group again that `affected` names: what it is built from
  // besides its rows has changed.
  touch(affected: (value: V) => boolean): void {
    for (const {group, value} of this.byKey.values()) {
      if (affected(value)) this.dirty.add(group);
    }
  }

  // The groups: the same Map as the last time if nothing changed.
  publish(): ReadonlyMap<bigint, G> {
    if (this.dirty.size === 0) return this.published;
    const next = new Map(this.published);
    for (const group of this.dirty) {
      const rows = this.groups.get(group);
      if (rows) {
        next.set(group, this.build([...rows.values()]));
      } else {
        next.delete(group);
      }
    }
    this.dirty.clear();
    this.published = next;
    return next;
  }
}
