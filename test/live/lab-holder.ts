/** Raises a small lab, says so, and stays: for the test that kills it. */
import { createLab } from '../../local/lab.ts';
import { raiseStage } from '../../local/lab-topology.ts';

const lab = await createLab({ name: 'killed' });
await raiseStage(lab, { hubs: 1, sites: [{ name: 'berlin', lan: '10.0.0.0/24' }] });
const holders = [...lab.hosts.values()].map(({ pid }) => pid);
console.log(JSON.stringify({ subnet: lab.subnet, holders }));
await new Promise((resolve) => setTimeout(resolve, 60_000));
