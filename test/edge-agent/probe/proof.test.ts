/** Trials of an isolation on real sockets; the addresses are loopback addresses, and what a firewall refuses is what nobody listens to. */
import { afterEach, expect, test } from 'vitest';
import { ProofAnswerer } from '../../../edge-agent/probe/proof-answerer.ts';
import { ProofAsker } from '../../../edge-agent/probe/proof-asker.ts';
import { decodeRefused, encodeRefused } from '../../../edge-agent/probe/refused-packet.ts';
import { Responder } from '../../../edge-agent/probe/responder.ts';
import type { ProofLeaf } from '../../../protocol/document.ts';
import type { Proof } from '../../../protocol/report.ts';
import { eventually } from '../../live/eventually.ts';

const OWN = '127.0.71.1';
const PEER = '127.0.71.2';
const HUB = '127.0.71.3';
const PORTS = { probe: 27_871, judged: 27_872, control: 27_873 };
/** Where nobody listens, as if a firewall stood before it. */
const REFUSED = { ...PORTS, judged: 27_874 };

const open: { stop(): void }[] = [];

afterEach(() => {
  for (const one of open.splice(0)) one.stop();
});

const leaf = (isolated: boolean): ProofLeaf => ({
  kind: 'proof',
  address: OWN,
  isolated,
  peers: [{ site: 'tokyo', edge: 'tokyo', address: PEER }],
});

/** Counts one more at each question, as a firewall does that refuses. */
function counting(): () => Promise<number> {
  let count = 0;
  return async () => {
    count += 1;
    return count;
  };
}

function answerer(refused: () => Promise<number | undefined>): ProofAnswerer {
  const one = new ProofAnswerer({ refused, ports: PORTS });
  open.push(one);
  one.answer(PEER, PEER);
  return one;
}

function hub(refused: () => Promise<number | undefined>): void {
  const one = new Responder({ now: () => performance.now(), port: PORTS.probe, refused });
  open.push(one);
  one.answer(HUB, new Set([OWN]));
}

function asker(ports: typeof PORTS, skewMs = () => 0): ProofAsker {
  const one = new ProofAsker({
    now: () => performance.now() + skewMs(),
    hub: () => HUB,
    onChange: () => undefined,
    ports,
  });
  open.push(one);
  return one;
}

function verdict(of: ProofAsker): Partial<Proof> | undefined {
  return of.proofs()?.[0];
}

test('a refusal that the hub counts is a proof, once, and again when the policy changes', async () => {
  answerer(async () => 0);
  hub(counting());
  const one = asker(REFUSED);
  one.ask(leaf(true), OWN, 'a');
  expect(verdict(one)).toEqual({ site: 'tokyo', edge: 'tokyo', verdict: 'pending', cut: false });
  await eventually(async () => expect(verdict(one)?.verdict).toBe('refused'));
  const { packets } = one;
  one.ask(leaf(true), OWN, 'a');
  one.ask(leaf(true), OWN, 'b');
  await eventually(async () => expect(one.packets).toBeGreaterThan(packets));
});

test('a flow that is answered while the tenant is open is cut by its isolation', async () => {
  const other = answerer(counting());
  hub(async () => 0);
  const one = asker(PORTS);
  one.ask(leaf(false), OWN, '');
  expect(one.proofs()).toBeUndefined();
  await eventually(async () => expect(other.packets).toBeGreaterThan(1));
  await new Promise((resolve) => setTimeout(resolve, 300));
  other.stop();
  // The control goes on alone.
  const control = new ProofAnswerer({ refused: counting(), ports: { ...PORTS, judged: 27_875 } });
  open.push(control);
  control.answer(PEER, PEER);
  one.ask(leaf(true), OWN, '');
  await eventually(async () => expect(verdict(one)).toMatchObject({ verdict: 'refused', cut: true }));
});

test('what passes is said once hubs and edges had their time', async () => {
  answerer(counting());
  hub(counting());
  let skewMs = 0;
  const one = asker(PORTS, () => skewMs);
  one.ask(leaf(true), OWN, '');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(verdict(one)?.verdict).toBe('pending');
  skewMs = 11_000;
  await eventually(async () => expect(verdict(one)?.verdict).toBe('passed'));
});

test('an edge tells nobody but the asker what it refused of his', async () => {
  const asked: string[] = [];
  const one = new ProofAnswerer({
    refused: async (_, from, to) => {
      asked.push(`${from} ${to}`);
      return 7;
    },
    ports: PORTS,
  });
  open.push(one);
  one.answer(PEER, PEER);
  const liar = asker(REFUSED);
  liar.ask({ ...leaf(true), address: '127.0.71.9' }, OWN, '');
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(asked).toEqual([]);
});

test('a question and its answer are of one length, and others are neither', () => {
  const question = { kind: 'ask', number: 5, from: OWN, to: PEER, count: 0 } as const;
  const bytes = encodeRefused(question);
  expect(decodeRefused(bytes)).toEqual(question);
  const answer = encodeRefused({ ...question, kind: 'told', count: 2 ** 40 });
  expect(answer.length).toBe(bytes.length);
  expect(decodeRefused(answer)?.count).toBe(0xffff_ffff);
  for (const other of [Buffer.alloc(0), Buffer.alloc(24), Buffer.concat([bytes, bytes])])
    expect(decodeRefused(other)).toBeUndefined();
});
