/** Sees that a connection is alive by pings, from both ends: a host that lost its power says no farewell. */
import type { Http2Session } from 'node:http2';

export const PULSE_MS = 5_000;
const SILENT_MS_MAX = 15_000;

/** Ends the session once nothing has come back for a while. */
export function keepPulse(session: Http2Session, now: () => number): void {
  let heardMs = now();
  const timer = setInterval(() => {
    if (now() - heardMs > SILENT_MS_MAX) return session.destroy();
    session.ping((fault) => {
      if (fault === null) heardMs = now();
    });
  }, PULSE_MS);
  timer.unref();
  session.once('close', () => clearInterval(timer));
}
