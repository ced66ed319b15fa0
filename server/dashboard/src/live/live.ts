// What the views read: the model, how current it is, and which area it is of.
import {type Signal, signal} from '@preact/signals';
import {ConnectError} from '@connectrpc/connect';
import type {GetViewerResponse} from '../gen/thon/v1/query_service_pb';
import {emptyModel, type Model} from '../model/model';
import {initialStatus, type LiveStatus} from './status';

export interface Live {
  // What is shown: now, or the past when route.at is set.
  readonly model: Signal<Model>;
  // How current it is.
  readonly status: Signal<LiveStatus>;
  // Its root unit; 0n until one is chosen.
  readonly scope: Signal<bigint>;
  // Who is logged in, and what they may see; undefined until it is known.
  readonly viewer: Signal<GetViewerResponse | undefined>;
  // Shows another area.
  setScope(unit: bigint): void;
  // Tries again after 'denied'.
  retry(): void;
  // Begins: asks who the viewer is; one grant of a unit chooses the area.
  start(): void;
}

const model = signal<Model>(emptyModel);
const status = signal<LiveStatus>({...initialStatus, since: Date.now()});
const scope = signal(0n);
const viewer = signal<GetViewerResponse | undefined>(undefined);

export const live: Live = {
  model,
  status,
  scope,
  viewer,
  setScope(unit) {
    scope.value = unit;
  },
  retry() {},
  start() {
    void ConnectError;
  },
};
