// The worker that all tabs of a browser share.
import { Hub, type Wanted } from "./hub.ts";

/** More often than a tab doubts that the hub lives. */
const PULSE_MS = 4_000;

const hub = new Hub();
setInterval(() => hub.pulse(), PULSE_MS);

const scope = globalThis as unknown as { onconnect: (event: MessageEvent) => void };
scope.onconnect = ({ ports: [port] }) => {
  if (!port) return;
  port.onmessage = ({ data }: MessageEvent<{ wanted: Wanted; tab: string } | null>) => {
    if (!data) {
      hub.leave(port);
      return;
    }
    hub.join(port, data.wanted);
    // The tab holds this lock as long as it lives: whatever it dies of, the lock comes free.
    void navigator.locks.request(data.tab, () => hub.leave(port));
  };
};
