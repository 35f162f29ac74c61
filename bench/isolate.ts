/**
 * How long it takes from the call that isolates a tenant until its isolation is proved by packets, beside how long until every edge and hub has said that it applied it:
 * what is between the two is the proof. Three sites behind one hub on this machine. `node bench/isolate.ts [ROUNDS]`
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Tenant } from '../protocol/tenant.ts';
import { raiseEstate } from '../test/live/estate.ts';
import { median, printResult } from './figures.ts';

const ROUNDS = Number(process.argv[2] ?? 11);
const TENANT = '/v1/tenants/demo';
const EVERY_MS = 20;
const DONE_MS_MAX = 60_000;
const GOAL_MS = 3_000;
/** Edges see a flow of theirs run before it is to be cut. */
const OPEN_MS = 2_000;
const SITES = ['berlin', 'tokyo', 'oslo'] as const;
/** Of an agent that has not applied it. */
const BEFORE = ['Compiling', 'Applying'];

const estate = await raiseEstate({
  name: 'benchisol',
  sites: SITES.map((name) => ({ name, lan: '10.0.0.0/24' })),
});

function set(isolation: 'open' | 'isolated') {
  return estate.api.change(TENANT, (spec) => ({ ...spec, isolation }));
}

interface Round {
  readonly appliedMs: number;
  readonly provedMs: number;
  readonly isCut: boolean;
}

async function measure(): Promise<Round> {
  await set('open');
  await pause(OPEN_MS);
  const began = performance.now();
  await set('isolated');
  let appliedMs: number | undefined;
  for (;;) {
    const { status } = await estate.api.get(TENANT, Tenant);
    const nowMs = performance.now() - began;
    const each = status.conditions.filter(({ type }) => type.startsWith('Isolated/'));
    const isApplied = each.length > SITES.length && each.every(({ reason }) => !BEFORE.includes(reason));
    if (isApplied) appliedMs ??= nowMs;
    const isProved = status.conditions.find(({ type }) => type === 'Isolated')?.status === 'True';
    if (isProved && appliedMs !== undefined)
      return {
        appliedMs,
        provedMs: nowMs,
        isCut: each.some(({ message }) => message.includes('was cut')),
      };
    if (nowMs > DONE_MS_MAX) throw new Error(`it is not proved: ${JSON.stringify(each)}`);
    await pause(EVERY_MS);
  }
}

try {
  const rounds: Round[] = [];
  for (let round = 1; round <= ROUNDS; round += 1) {
    const { appliedMs, provedMs, isCut } = await measure();
    rounds.push({ appliedMs, provedMs, isCut });
    console.log(
      `round ${round}: applied after ${Math.round(appliedMs)} ms, proved after ${Math.round(provedMs)} ms${isCut ? ', a flow was cut' : ''}`,
    );
  }
  const appliedMs = median(rounds.map((one) => one.appliedMs));
  const provedMs = median(rounds.map((one) => one.provedMs));
  const figures = {
    rounds: ROUNDS,
    appliedMs: Math.round(appliedMs),
    provedMs: Math.round(provedMs),
    provedMsMax: Math.round(Math.max(...rounds.map((one) => one.provedMs))),
    ratio: Math.round((provedMs / appliedMs) * 100) / 100,
    cut: rounds.filter((one) => one.isCut).length,
  };
  printResult({ bench: 'isolate', figures, goal: { provedMs: GOAL_MS }, met: provedMs <= GOAL_MS });
} finally {
  await estate.destroy();
}
