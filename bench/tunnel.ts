/**
 * Throughput and round trip from a LAN host in one site to one in another, through a hub: Isthmus (translation at both ends,
 * filters, agents running) against the same WireGuard set up by hand with none of it. The two are measured in turn, so
 * that a noisy machine is noisy for both. `node bench/tunnel.ts [PAIRS [SECONDS]]`
 */
import { z } from 'zod';
import { cacheDirectory } from '../build/cache.ts';
import { findWireguard } from '../local/artifacts.ts';
import { createLab } from '../local/lab.ts';
import type { Host } from '../local/lab-host.ts';
import { raiseEstate } from '../test/live/estate.ts';
import { joinByHand } from './by-hand.ts';
import { median, printResult } from './figures.ts';

const PAIRS = Number(process.argv[2] ?? 9);
const SECONDS = Number(process.argv[3] ?? 4);
const GOAL_RATIO = 0.95;
const SERVER_READY_MS = 300;

const Iperf = z.looseObject({
  end: z.looseObject({ sum_received: z.looseObject({ bits_per_second: z.number() }) }),
});

interface Side {
  readonly client: Host;
  readonly server: Host;
  readonly address: string;
}

interface Measured {
  readonly mbits: number;
  readonly roundTripMs: number;
}

async function measure(side: Side): Promise<Measured> {
  const server = side.server.spawn(['iperf3', '-s', '-1']);
  await new Promise((resolve) => setTimeout(resolve, SERVER_READY_MS));
  const report = await side.client.check(['iperf3', '-J', '-c', side.address, '-t', String(SECONDS)]);
  await server.stop();
  const bits = Iperf.parse(JSON.parse(report)).end.sum_received.bits_per_second;
  const ping = await side.client.check(['ping', '-q', '-c', '100', '-i', '0.01', side.address]);
  return { mbits: bits / 1e6, roundTripMs: Number(/= [\d.]+\/([\d.]+)\//.exec(ping)?.[1] ?? Number.NaN) };
}

async function measurePairs(isthmus: Side, byHand: Side) {
  const pairs: { isthmus: Measured; byHand: Measured }[] = [];
  await measure(isthmus);
  await measure(byHand);
  for (let index = 0; index < PAIRS; index += 1) {
    // Who begins alternates: the second of a pair may find a warmer machine.
    const first = await measure(index % 2 === 0 ? isthmus : byHand);
    const second = await measure(index % 2 === 0 ? byHand : isthmus);
    const pair = index % 2 === 0 ? { isthmus: first, byHand: second } : { isthmus: second, byHand: first };
    pairs.push(pair);
    console.log(
      `pair ${index + 1}: Isthmus ${pair.isthmus.mbits.toFixed(0)} Mbit/s, ${pair.isthmus.roundTripMs.toFixed(2)} ms; by hand ${pair.byHand.mbits.toFixed(0)} Mbit/s, ${pair.byHand.roundTripMs.toFixed(2)} ms`,
    );
  }
  return pairs;
}

async function main(): Promise<void> {
  const program = findWireguard({ cache: cacheDirectory(process.env), environment: process.env });
  if (program === undefined) throw new Error('There is no wireguard-go: run sh local/setup.sh test.');
  const estate = await raiseEstate({
    name: 'bench',
    sites: [
      { name: 'berlin', lan: '10.0.0.0/24' },
      { name: 'tokyo', lan: '10.0.0.0/24' },
    ],
  });
  const lab = await createLab({ name: 'by-hand' });
  try {
    const stage = await joinByHand(lab, program);
    const [left, right] = stage.sites.map((site) => site.lanHosts[0]);
    const [berlin, tokyo] = ['berlin', 'tokyo'].map((name) => estate.site(name).lanHosts[0]);
    if (!left || !right || !berlin || !tokyo) throw new Error('a LAN host is missing');
    const isthmus = {
      client: berlin.host,
      server: tokyo.host,
      address: await estate.virtual('tokyo', tokyo.address),
    };
    const pairs = await measurePairs(isthmus, {
      client: left.host,
      server: right.host,
      address: right.address,
    });
    const ratio = median(pairs.map((pair) => pair.isthmus.mbits / pair.byHand.mbits));
    const figures = {
      pairs: pairs.length,
      isthmusMbits: Math.round(median(pairs.map((pair) => pair.isthmus.mbits))),
      byHandMbits: Math.round(median(pairs.map((pair) => pair.byHand.mbits))),
      throughputRatio: Number(ratio.toFixed(3)),
      isthmusRoundTripMs: median(pairs.map((pair) => pair.isthmus.roundTripMs)),
      byHandRoundTripMs: median(pairs.map((pair) => pair.byHand.roundTripMs)),
      roundTripRatio: Number(
        median(pairs.map((pair) => pair.isthmus.roundTripMs / pair.byHand.roundTripMs)).toFixed(3),
      ),
    };
    console.log(`median ratio of throughput, Isthmus to by hand: ${figures.throughputRatio}`);
    printResult({
      bench: 'tunnel',
      figures,
      goal: { throughputRatio: GOAL_RATIO },
      met: ratio >= GOAL_RATIO,
    });
  } finally {
    await estate.destroy();
    await lab.destroy();
  }
}

await main();
