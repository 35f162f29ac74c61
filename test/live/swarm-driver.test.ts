/** The Swarm driver against a real swarm of three engines: the contract of all drivers, and what is Swarm's own. */
import { afterAll, beforeAll, describe } from 'vitest';
import { driverContract } from '../edge-agent/clusters/driver-contract.ts';
import { raiseSwarmStand, type SwarmStand } from './swarm-stand.ts';

let open: SwarmStand;

beforeAll(async () => {
  open = await raiseSwarmStand('dksw');
});

afterAll(async () => {
  await open?.close();
});

describe('the Swarm driver', () => {
  driverContract(() => open.stand);
});
