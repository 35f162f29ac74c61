/**
 * How long 200 containers that start at once wait for their addresses: by the plugin and the node's agent, each address claimed in the cluster's API, against
 * host-local, which writes a file on the node and knows no other. The same calls in the same run. `node bench/ipam.ts [ROUNDS]`
 */
import { createLab } from '../local/lab.ts';
import { raisePoolStand } from '../test/live/kube-pools-stand.ts';
import { burst, numbers } from '../test/live/kube-pools-steps.ts';
import { median, printResult } from './figures.ts';

const CALLS = 200;
const ROUNDS = Number(process.argv[2] ?? 5);
/** An answer of the API server and a program more a call, against one file. */
const GOAL_RATIO = 6;

const lab = await createLab({ name: 'ipam' });
const stand = await raisePoolStand(lab, 'ipm', 1);
try {
  stand.keeper.set({ pools: [{ name: 'burst', prefixes: ['10.0.7.0/24'] }], joined: [] });
  await stand.keeper.pass();
  await burst.prepare(stand, CALLS, 'burst');
  const [node] = stand.cluster.nodes;
  if (node === undefined) throw new Error('there is no node');
  const list = numbers(CALLS);
  const took = async (command: string, plugin: string) => {
    const { answers, tookMs } = await burst.run(node, command, list, plugin);
    const isGood = (text: string) => (command === 'ADD' ? /"address": ?"10\./.test(text) : text === '');
    const bad = answers.find((text) => !isGood(text));
    if (bad !== undefined) throw new Error(`${plugin} ${command}: ${bad}`);
    return tookMs;
  };
  const times = { ours: { ADD: [0], DEL: [0] }, hostLocal: { ADD: [0], DEL: [0] } };
  for (const round of numbers(ROUNDS + 1))
    for (const [who, plugin] of [
      ['ours', 'isthmus-ipam'],
      ['hostLocal', 'host-local'],
    ] as const)
      for (const command of ['ADD', 'DEL'] as const) {
        const tookMs = await took(command, plugin);
        // The first round warms what both find warm on a running node.
        if (round === 0) times[who][command] = [];
        else times[who][command].push(tookMs);
      }
  const middle = (values: readonly number[]) => Math.round(median(values));
  const { ours, hostLocal } = times;
  const figures = {
    calls: CALLS,
    rounds: ROUNDS,
    addMs: middle(ours.ADD),
    addHostLocalMs: middle(hostLocal.ADD),
    delMs: middle(ours.DEL),
    delHostLocalMs: middle(hostLocal.DEL),
    addRatio: Number((median(ours.ADD) / median(hostLocal.ADD)).toFixed(2)),
    delRatio: Number((median(ours.DEL) / median(hostLocal.DEL)).toFixed(2)),
  };
  console.log(
    `${CALLS} ADDs at once: ${figures.addMs} ms, host-local ${figures.addHostLocalMs} ms; DELs: ${figures.delMs} ms, host-local ${figures.delHostLocalMs} ms`,
  );
  printResult({
    bench: 'ipam',
    figures,
    goal: { addRatio: GOAL_RATIO },
    met: figures.addRatio <= GOAL_RATIO,
  });
} finally {
  await stand.close();
  await lab.destroy();
}
