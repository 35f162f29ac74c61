/**
 * A pulse on a flow: one small UDP question every ten milliseconds to the echo server, and how long answers stayed away. Run in a
 * host: `node test/live/pulse.ts ADDRESS PORT SECONDS`; it prints one line of JSON at its end.
 */
import { createSocket } from 'node:dgram';

const EVERY_MS = 10;
/** Answers that come later than this are of no use to anybody. */
const GRACE_MS = 1_000;

const [address = '', port = '', seconds = '10'] = process.argv.slice(2);
/** Monotonic milliseconds at which the n-th question was sent and answered. */
const sentMs: number[] = [];
const answered = new Set<number>();

const socket = createSocket('udp4', (message) => answered.add(Number(message.toString('utf8'))));
// A host without a route says so by an error: that is one more question without an answer.
socket.on('error', () => undefined);

const timer = setInterval(() => {
  socket.send(String(sentMs.length), Number(port), address, () => undefined);
  sentMs.push(performance.now());
}, EVERY_MS);
setTimeout(finish, Number(seconds) * 1_000);
process.stdout.write('beating\n');

/** The longest time in which no question was sent that got an answer; lateness of our own timer is not silence of theirs. */
function longestSilenceMs(): number {
  let silentMs = 0;
  let longestMs = 0;
  for (const [index, at] of sentMs.entries()) {
    const stepMs = Math.min(at - (sentMs[index - 1] ?? at), 2 * EVERY_MS);
    silentMs = answered.has(index) ? 0 : silentMs + stepMs;
    longestMs = Math.max(longestMs, silentMs);
  }
  return longestMs;
}

function finish(): void {
  clearInterval(timer);
  setTimeout(() => {
    socket.close();
    const result = { sent: sentMs.length, answered: answered.size, silentMs: Math.round(longestSilenceMs()) };
    process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
  }, GRACE_MS);
}
