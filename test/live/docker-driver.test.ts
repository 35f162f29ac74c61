/** The driver of plain engines against two real ones: the contract of all drivers, and what is its own. */
import { afterAll, beforeAll, describe } from 'vitest';
import { driverContract } from '../edge-agent/clusters/driver-contract.ts';
import { type DockerStand, raiseDockerStand } from './docker-stand.ts';

let open: DockerStand;

beforeAll(async () => {
  open = await raiseDockerStand('dkpl');
});

afterAll(async () => {
  await open?.close();
});

describe('the driver of plain engines', () => {
  driverContract(() => open.stand);
});
