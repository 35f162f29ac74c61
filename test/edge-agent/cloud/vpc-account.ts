/** Hubs over one account that holds state, for the tests of owning a VPC's routes; the ticks of their probes are the test's. */
import { afterEach } from 'vitest';
import type { Ownership } from '../../../edge-agent/cloud/cloud.ts';
import { openOwnership } from '../../../edge-agent/cloud/owner.ts';
import type { SlotLeaf } from '../../../protocol/document.ts';
import { FakeDiscovery, FakeOwners } from '../../fakes/owners.ts';
import { FakeEc2 } from '../../fakes/route-tables.ts';

export const VPC = 'vpc-0123456789abcdef0';
export const [A, B] = ['eni-0000000000000000a', 'eni-0000000000000000b'];
export const POOL = '100.64.0.0/10';
const LIST = 'pl-0123456789abcdef0';
export const PACE = {
  repairMs: [20, 40],
  keepMs: 60,
  readMs: 50,
  freshMs: 200,
  lookMs: 60,
  claimAgainMs: 30,
};
export const TABLES = Array.from({ length: 12 }, (_, index) => `rtb-${index}`);

export const SLOT: SlotLeaf = {
  kind: 'slot',
  vpc: VPC,
  queue: 'https://sqs.eu-central-1.amazonaws.com/123456789012/hub',
  table: 'isthmus',
  destinations: [POOL, LIST],
  hubs: [
    { name: 'hub-a', interface: A, discovery: { service: 'srv-1', instance: 'a' } },
    { name: 'hub-b', interface: B, discovery: { service: 'srv-1', instance: 'b' } },
  ],
};

export class Account {
  readonly owners = new FakeOwners();
  /** Of the table with the name `restored`. */
  readonly restored = new FakeOwners();
  readonly ec2 = new FakeEc2([A, B]);
  readonly discovery = new FakeDiscovery();
  readonly told: string[] = [];
  readonly #opened: Ownership[] = [];

  constructor() {
    for (const table of TABLES) this.ec2.addTable(table, { vpc: VPC, routes: { '10.0.0.0/16': 'local' } });
  }

  hub(name: string): Ownership {
    const ownership = openOwnership(
      {
        hub: name,
        now: () => performance.now(),
        wallNow: () => Date.now(),
        journal: (_, steps, reason) => this.told.push(...steps, ...(reason === undefined ? [] : [reason])),
      },
      {
        owners: (table) => (table === SLOT.table ? this.owners : this.restored),
        tables: this.ec2,
        discovery: this.discovery,
        pause: soon,
        chance: () => 0,
        pace: PACE,
      },
    );
    ownership.update(SLOT);
    this.#opened.push(ownership);
    return ownership;
  }

  targets(): (string | undefined)[] {
    return [...this.ec2.targetsOf(POOL), ...this.ec2.targetsOf(LIST)];
  }

  close(): void {
    for (const ownership of this.#opened) ownership.stop();
  }
}

const accounts: Account[] = [];

export function openAccount(): Account {
  const account = new Account();
  accounts.push(account);
  return account;
}

afterEach(() => accounts.splice(0).forEach((account) => account.close()));

export function soon(milliseconds = 5): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

export async function until(condition: () => boolean, timeoutMs = 4_000): Promise<void> {
  const endMs = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error('it did not happen in time');
    await soon();
  }
}

/** Rounds of the probes; stops when the condition holds. */
export async function rounds(
  hub: Ownership,
  answered: readonly string[],
  condition: () => boolean,
): Promise<void> {
  await until(() => {
    hub.round(answered, false);
    return condition();
  });
}

export const everyRouteIs = (account: Account, target: string) => () =>
  account.targets().every((one) => one === target);

/** hub-a owns everything, and hub-b has heard it and looked. */
export async function ownedByA(account: Account): Promise<{ a: Ownership; b: Ownership }> {
  const [a, b] = [account.hub('hub-a'), account.hub('hub-b')];
  await rounds(a, ['hub-b'], everyRouteIs(account, A));
  await until(() => {
    a.round(['hub-b'], false);
    b.round(['hub-a'], false);
    return b.view()?.owner === 'hub-a' && b.view()?.tables === TABLES.length;
  });
  return { a, b };
}
