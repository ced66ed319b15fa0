// How a page reaches its hubs: in the SharedWorker, or in the page itself.
import {realClock} from './clock';
import {type FromHubs, Hubs, type ToHubs} from './hubs';
import {watchOver} from './transport';

export interface Backend {
  post(message: ToHubs): void;
  // Lets go of it; nothing is received afterwards.
  close(): void;
}

export interface BackendEvents {
  readonly receive: (message: FromHubs) => void;
  // It cannot be started, or has crashed.
  readonly failed: () => void;
}

export type BackendFactory = (events: BackendEvents) => Backend;

// The worker of this build. Throws where there is no SharedWorker.
export const workerBackend: BackendFactory = ({receive, failed}) => {
  const worker = new SharedWorker('/worker.js', {
    type: 'module',
    name: `thon-live-${BUILD_ID}`,
    credentials: 'same-origin',
  });
  let open = true;
  worker.addEventListener('error', () => open && failed());
  worker.port.onmessage = ({data}: MessageEvent<FromHubs>) => open && receive(data);
  worker.port.start();
  const leave = (): void => worker.port.postMessage({type: 'detach'} satisfies ToHubs);
  window.addEventListener('pagehide', leave);
  return {
    post: (message) => worker.port.postMessage(message),
    close: () => {
      open = false;
      window.removeEventListener('pagehide', leave);
      leave();
      worker.port.close();
    },
  };
};

export const inPageBackend: BackendFactory = ({receive}) => {
  const hubs = new Hubs({
    call: watchOver(window.location.origin),
    clock: realClock,
    online: () => navigator.onLine,
  });
  let open = true;
  // As from a worker: never within the call that causes it.
  const post = hubs.connect((message) => queueMicrotask(() => open && receive(message)));
  return {
    post,
    close: () => {
      post({type: 'detach'});
      open = false;
    },
  };
};
