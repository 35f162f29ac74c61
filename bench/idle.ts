/**
 * What an idle edge with two hubs sends and receives on the wire: probes, keepalives, handshakes and polls, as bytes of IP packets with
 * their Ethernet headers, counted at the edge's network card. `node bench/idle.ts [SECONDS]`
 */
import type { Host } from '../local/lab-host.ts';
import { raiseEstate } from '../test/live/estate.ts';
import { allUp } from '../test/live/failover.ts';
import { printResult } from './figures.ts';

const SECONDS = Number(process.argv[2] ?? 120);
const SECONDS_A_MONTH = 730 * 3_600;
const DEVICE = 'eth0';
const SETTLE_MS = 10_000;

async function bytesOf(host: Host): Promise<{ readonly sent: number; readonly received: number }> {
  const read = async (name: string) =>
    Number(await host.read(`/sys/class/net/${DEVICE}/statistics/${name}_bytes`));
  return { sent: await read('tx'), received: await read('rx') };
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const estate = await raiseEstate({
  name: 'idle',
  hubs: 2,
  sites: [
    { name: 'berlin', lan: '10.0.0.0/24' },
    { name: 'tokyo', lan: '10.0.0.0/24' },
  ],
});
try {
  const { edge } = estate.site('berlin');
  await allUp(estate, { isOwned: false });
  await pause(SETTLE_MS);
  const before = await bytesOf(edge);
  await pause(SECONDS * 1_000);
  const after = await bytesOf(edge);
  const gbAMonth = (bytes: number) => Math.round((bytes / SECONDS) * (SECONDS_A_MONTH / 1e9) * 100) / 100;
  const figures = {
    sentBytesASecond: Math.round((after.sent - before.sent) / SECONDS),
    receivedBytesASecond: Math.round((after.received - before.received) / SECONDS),
    sentGbAMonth: gbAMonth(after.sent - before.sent),
    receivedGbAMonth: gbAMonth(after.received - before.received),
    seconds: SECONDS,
  };
  console.log(
    `an idle edge with two hubs sends ${figures.sentGbAMonth} GB a month and receives ${figures.receivedGbAMonth} GB`,
  );
  printResult({ bench: 'idle', figures, goal: {}, met: true });
} finally {
  await estate.destroy();
}
