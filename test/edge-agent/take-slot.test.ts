/** `edge-agent slot` on an instance that holds state: attached, set up, keyed, and the same again at the next boot. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { generatePrivateKey, publicKeyOf } from '../../edge-agent/apply/keys.ts';
import { openMetadata } from '../../edge-agent/cloud/metadata.ts';
import { pathsUnder } from '../../edge-agent/settings.ts';
import { readSlotFile, type SlotFile } from '../../edge-agent/slot-file.ts';
import { takeSlot } from '../../edge-agent/take-slot.ts';
import { FakeInstance } from '../fakes/cloud-instance.ts';
import { type FakeImds, startImds } from '../fakes/imds.ts';

const SECRET = 'isthmus/hub-a';
const SUBNET = '10.0.1.0/24';

let instance: FakeInstance;
let imds: FakeImds;
let directory: string;
let privateKey: string;

beforeEach(async () => {
  instance = new FakeInstance();
  imds = await startImds(instance.id);
  imds.subnets.set(instance.slot.mac, SUBNET);
  directory = mkdtempSync(join(tmpdir(), 'isthmus-slot-'));
  privateKey = generatePrivateKey();
  keep(SECRET, { privateKey, publicKey: publicKeyOf(privateKey) });
  return async () => {
    await imds.close();
    rmSync(directory, { recursive: true });
  };
});

function keep(secret: string, value: unknown): void {
  instance.secrets.set(secret, JSON.stringify(value));
}

const file = (): SlotFile => ({
  hub: 'hub-a',
  region: 'eu-central-1',
  interface: instance.slot.id,
  secret: SECRET,
  controlPlane: 'https://api.example',
});

interface Taking {
  /** Milliseconds that pass in each pause. */
  readonly stepMs?: number;
  readonly said?: string[];
}

function take({ stepMs = 1_000, said = [] }: Taking = {}) {
  let nowMs = 0;
  return takeSlot(file(), pathsUnder(directory), {
    slots: instance,
    metadata: openMetadata(imds.endpoint),
    run: instance.run,
    now: () => nowMs,
    pause: async () => {
      nowMs += stepMs;
    },
    log: (line) => said.push(line),
  });
}

describe('an instance', () => {
  test('takes a free slot: its way out is the interface, and the key lies there for its owner alone', async () => {
    expect(await take()).toMatchObject({ device: 'ens6', address: '10.0.1.10', subnet: SUBNET });
    expect(instance.routesTo('default')).toEqual([
      'via 10.0.1.1 dev ens6 src 10.0.1.10 metric 10',
      'via 10.0.1.1 dev ens5 metric 100',
    ]);
    expect(instance.routesTo(SUBNET)).toEqual([
      'dev ens6 src 10.0.1.10 metric 10',
      'dev ens5 src 10.0.1.77 metric 500',
    ]);
    expect(instance.sysctls.get('net.ipv4.conf.ens6.rp_filter')).toBe('2');
    const { wireguardKey } = pathsUnder(directory);
    expect(readFileSync(wireguardKey, 'utf8').trim()).toBe(privateKey);
    expect(statSync(wireguardKey).mode & 0o777).toBe(0o600);
    expect(imds.refused).toEqual([]);
  });

  test('that has its slot changes nothing when it is asked again', async () => {
    await take();
    const [routes, links] = [instance.routes, structuredClone(instance.links)];
    instance.asked.length = 0;
    await take();
    expect(instance.asked).toEqual(['find', `secret ${SECRET}`]);
    expect([instance.routes, instance.links]).toEqual([routes, links]);
  });

  test.each([
    ['request', ['detach eni-attach-1']],
    ['force', ['detach eni-attach-1', 'detach eni-attach-1 by force']],
  ] as const)('waits for the instance before it, which lets go by %s', async (yieldsTo, detaches) => {
    instance.holder = { instance: 'i-00000000000000001', yieldsTo };
    const said: string[] = [];
    expect(await take({ said })).toMatchObject({ device: 'ens6' });
    expect(instance.asked.filter((what) => what.startsWith('detach'))).toEqual(detaches);
    expect(said[0]).toContain('is attached to i-00000000000000001');
  });

  test('gives up with the reason when the interface never becomes a device', async () => {
    instance.attach = async () => {
      instance.asked.push('attach');
    };
    const said: string[] = [];
    await expect(take({ stepMs: 30_000, said })).rejects.toThrow('could not be taken within 240 s');
    expect(said).toEqual([expect.stringContaining('Attach eni-')]);
  });
});

describe('with the account away', () => {
  test('an instance that has its slot boots with what it remembers', async () => {
    await take();
    instance.fault = new Error('no answer');
    const said: string[] = [];
    expect(await take({ said })).toMatchObject({ device: 'ens6', subnet: SUBNET });
    expect(said.join()).toContain('the interface is here, as it was');
    expect(said.join()).toContain('the key that is here stays');
  });

  test('one that has none tries for a minute, and then says why it cannot', async () => {
    instance.fault = new Error('no answer');
    await expect(take()).rejects.toThrow('no answer');
    expect(instance.asked.length).toBeGreaterThan(50);
  });

  test('one that is refused at first goes on when it is allowed', async () => {
    instance.fault = new Error('not authorized yet');
    setTimeout(() => {
      instance.fault = undefined;
    }, 20);
    expect(await take({ stepMs: 1 })).toMatchObject({ device: 'ens6' });
  });
});

describe('a secret', () => {
  test.each([
    ['text', 'a key'],
    ['another shape', { key: 'x' }],
  ])('that holds %s is refused, and nothing of it is told', async (_, value) => {
    keep(SECRET, value);
    const refusal = await take().catch((cause: unknown) => String(cause));
    expect(refusal).toContain('does not hold a key');
    expect(refusal).not.toContain('a key"');
  });

  test('whose halves do not belong together is refused', async () => {
    keep(SECRET, { privateKey, publicKey: publicKeyOf(generatePrivateKey()) });
    await expect(take()).rejects.toThrow('do not belong together');
  });
});

test('a file that describes no slot says what is wrong', () => {
  const path = join(directory, 'slot.json');
  writeFileSync(path, JSON.stringify(file()));
  expect(readSlotFile(path)).toEqual(file());
  writeFileSync(path, JSON.stringify({ ...file(), interface: 'eth1' }));
  expect(() => readSlotFile(path)).toThrow('eni-');
});
