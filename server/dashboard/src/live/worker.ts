// The SharedWorker: one for all tabs of this build.
import {realClock} from './clock';
import {Hubs, type ToHubs} from './hubs';
import {watchOver} from './transport';

const hubs = new Hubs({
  call: watchOver(self.location.origin),
  clock: realClock,
  online: () => navigator.onLine,
});

self.addEventListener('online', () => hubs.wake());

(self as unknown as {onconnect: (event: MessageEvent) => void}).onconnect = (event) => {
  const port = event.ports[0];
  const receive = hubs.connect((message) => port.postMessage(message));
  port.onmessage = ({data}: MessageEvent<ToHubs>) => receive(data);
};
