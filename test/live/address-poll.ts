/** Runs in a host: asks addresses at port 8080 again and again and prints a JSON line an answer, until it is ended. `node address-poll.ts EVERY_MS ADDRESS…` */
import { get } from 'node:http';

const LATE_MS = 500;
const [every = '20', ...addresses] = process.argv.slice(2);

/** The start of the program that answers, in milliseconds since 1970; 0 if there is none, which its host says at once; null if the answer is late, which a busy machine makes it. */
function ask(address: string): Promise<number | null> {
  return new Promise((resolve) => {
    const request = get(
      { host: address, port: 8080, path: '/', agent: false, timeout: LATE_MS },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          text += part;
        });
        answer.on('end', () => resolve(Number(/"started":(\d+)/.exec(text)?.[1] ?? 0)));
        answer.on('error', () => resolve(0));
      },
    );
    request.on('timeout', () => {
      resolve(null);
      request.destroy();
    });
    request.on('error', () => resolve(0));
  });
}

for (;;) {
  const atMs = Date.now();
  const started = await Promise.all(addresses.map(ask));
  console.log(JSON.stringify({ atMs, started }));
  await new Promise((resolve) => setTimeout(resolve, Number(every)));
}
