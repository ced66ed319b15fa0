// The hubs of a browser: one an area, shared by all tabs that show it. Runs in
// the SharedWorker, or in the page where there is none.
import {type Clock, type Mark, mark, sinceMs} from './clock';
import {initialStatus, type LiveDetail} from './status';
import type {WatchCall} from './transport';
import {type HubMessage, WatchHub} from './watch_hub';

export type ToHubs =
  // Show me this area. `officer` is who is logged in: the streams of anybody
  // else end.
  | {type: 'attach'; officer: bigint; scope: bigint}
  | {type: 'detach'}
  // Nobody is logged in any more: every stream ends.
  | {type: 'signed-out'}
  // The network is back, or the person wants it now.
  | {type: 'wake'}
  // Are you there?
  | {type: 'ping'; serial: number};

export type FromHubs =
  | (HubMessage & {scope: bigint})
  | {type: 'pong'; serial: number}
  // This tab was taken for closed; attach again.
  | {type: 'lost'};

// Six connections to a host are all that a browser has; the calls of the pages
// need some.
export const HUBS_MAX = 3;
// A hub that nobody listens to goes on for a while: the tab may be loading
// again.
const LINGER_MS = 20_000;
// A tab in the background may be woken up once a minute only.
const PORT_SILENT_MS_MAX = 180_000;
const SWEEP_MS = 5_000;

interface Port {
  readonly post: (message: FromHubs) => void;
  heard: Mark;
  scope: bigint | undefined; // that it wants
}

interface Entry {
  readonly scope: bigint;
  readonly hub: WatchHub;
  readonly ports: Set<Port>;
  idle: Mark | undefined; // since when nobody listens
}

export interface HubsOptions {
  readonly call: WatchCall;
  readonly clock: Clock;
  readonly online: () => boolean;
}

export class Hubs {
  private readonly ports = new Set<Port>();
  private readonly entries = new Map<bigint, Entry>();
  private officer = 0n;
  private sweeping = false;

  constructor(private readonly options: HubsOptions) {}

  // A tab: what it says goes into the function returned.
  connect(post: (message: FromHubs) => void): (message: ToHubs) => void {
    const port: Port = {post, heard: mark(this.options.clock), scope: undefined};
    return (message) => this.receive(port, message);
  }

  wake(): void {
    for (const {hub} of this.entries.values()) hub.wake();
  }

  private receive(port: Port, message: ToHubs): void {
    port.heard = mark(this.options.clock);
    switch (message.type) {
      case 'attach':
        this.detach(port);
        if (message.officer !== this.officer) this.endAll('unauthenticated');
        this.officer = message.officer;
        port.scope = message.scope;
        this.ports.add(port);
        this.serve(port);
        break;
      case 'detach':
        this.detach(port);
        break;
      case 'signed-out':
        this.officer = 0n;
        this.endAll('unauthenticated');
        break;
      case 'wake':
        this.wake();
        break;
      case 'ping':
        port.post({type: 'pong', serial: message.serial});
        if (!this.ports.has(port)) port.post({type: 'lost'});
        break;
    }
    this.scheduleSweep();
  }

  // Gives the port the hub of its area, or says that there are too many.
  private serve(port: Port): void {
    const scope = port.scope;
    if (scope === undefined) return;
    let entry = this.entries.get(scope);
    if (entry?.hub.denied) {
      // Somebody asks again: perhaps the right was given.
      this.remove(entry);
      for (const other of entry.ports) if (other !== port) this.serve(other);
      entry = this.entries.get(scope);
    }
    entry ??= this.open(scope);
    if (!entry) {
      port.post({
        type: 'status',
        scope,
        status: {
          ...initialStatus,
          detail: 'too-many-areas',
          since: this.options.clock.wallMs(),
        },
      });
      return;
    }
    entry.ports.add(port);
    entry.idle = undefined;
    port.post({...entry.hub.whole(), scope});
  }

  private open(scope: bigint): Entry | undefined {
    if (this.entries.size >= HUBS_MAX) {
      const idle = [...this.entries.values()].find((other) => other.ports.size === 0);
      if (!idle) return undefined;
      this.remove(idle);
    }
    const ports = new Set<Port>();
    const hub = new WatchHub({
      ...this.options,
      scope,
      emit: (message) => {
        for (const port of ports) port.post({...message, scope});
      },
    });
    const entry: Entry = {scope, hub, ports, idle: undefined};
    this.entries.set(scope, entry);
    hub.start();
    return entry;
  }

  private remove(entry: Entry): void {
    entry.hub.stop();
    this.entries.delete(entry.scope);
  }

  private detach(port: Port): void {
    this.ports.delete(port);
    port.scope = undefined;
    for (const entry of this.entries.values()) {
      if (entry.ports.delete(port) && entry.ports.size === 0) {
        entry.idle = mark(this.options.clock);
      }
    }
  }

  private endAll(detail: LiveDetail): void {
    const status = {
      ...initialStatus,
      state: 'denied' as const,
      detail,
      since: this.options.clock.wallMs(),
    };
    for (const entry of [...this.entries.values()]) this.remove(entry);
    for (const port of this.ports) {
      if (port.scope !== undefined) port.post({type: 'forget', scope: port.scope, status});
      port.scope = undefined;
    }
    this.ports.clear();
  }

  private scheduleSweep(): void {
    if (this.sweeping) return;
    this.sweeping = true;
    this.options.clock.after(SWEEP_MS, () => {
      this.sweeping = false;
      this.sweep();
      if (this.ports.size > 0 || this.entries.size > 0) this.scheduleSweep();
    });
  }

  // Lets go of tabs that are gone and of hubs that nobody needs; what became
  // free serves a tab that waits.
  private sweep(): void {
    const {clock} = this.options;
    for (const port of [...this.ports]) {
      if (sinceMs(clock, port.heard) > PORT_SILENT_MS_MAX) this.detach(port);
    }
    for (const entry of [...this.entries.values()]) {
      if (entry.idle && sinceMs(clock, entry.idle) > LINGER_MS) this.remove(entry);
    }
    for (const port of this.ports) {
      const served = [...this.entries.values()].some((entry) => entry.ports.has(port));
      const free = this.entries.size < HUBS_MAX ||
        [...this.entries.values()].some((entry) => entry.ports.size === 0);
      if (!served && free) this.serve(port);
    }
  }
}
