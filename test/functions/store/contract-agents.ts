/** The promises about what agents have: documents, reports, liveness, the ledger of their addresses; and how large it may be. */
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Liveness } from '../../../protocol/report.ts';
import { document, report, tenant } from './examples.ts';
import { type Given, race, winners } from './races.ts';

export function describeLedger(store: Given): void {
  const taken = { '100.64.1.0/24': { owner: 'acme/berlin/10.0.0.0/24', at: '2026-01-31T12:00:00.000Z' } };

  it('shows an empty ledger of version 0 until one is written', async () => {
    const block = '100.70.0.0/16';
    expect(await store().ledger(block)).toStrictEqual({ block, version: 0, taken: {} });
  });

  it('writes the version after the stored one only', async () => {
    const block = '100.71.0.0/16';
    expect(await store().writeLedger({ block, version: 2, taken })).toBe('stale');
    expect(await store().writeLedger({ block, version: 1, taken })).toBe('written');
    expect(await store().writeLedger({ block, version: 1, taken: {} })).toBe('stale');
    expect(await store().ledger(block)).toStrictEqual({ block, version: 1, taken });
    expect(await store().writeLedger({ block, version: 2, taken: {} })).toBe('written');
    expect(await store().ledger(block)).toStrictEqual({ block, version: 2, taken: {} });
  });

  it.each([1, 2])('lets one of many racing writers of version %d win', async (version) => {
    const block = `100.7${version + 1}.0.0/16`;
    for (let written = 1; written < version; written++)
      await store().writeLedger({ block, version: written, taken });
    const outcomes = await race((racer) =>
      store().writeLedger({ block, version, taken: { [`100.72.0.${racer}/32`]: { owner: 'a', at: 'b' } } }),
    );
    expect(winners(outcomes)).toHaveLength(1);
    const stored = await store().ledger(block);
    expect(Object.keys(stored.taken)).toStrictEqual([`100.72.0.${winners(outcomes)[0]}/32`]);
  });
}

export function describeDocuments(store: Given): void {
  it('has no document until one is written', async () => {
    expect(await store().document('edge.acme.none')).toBeUndefined();
  });

  it('writes the first document only where there is none', async () => {
    const agent = 'edge.acme.first';
    const after = { epoch: 1, generation: 1 };
    expect(await store().writeDocument(document(agent, 1, 2), after)).toBe('stale');
    expect(await store().writeDocument(document(agent, 1, 1), undefined)).toBe('written');
    expect(await store().writeDocument(document(agent, 1, 2), undefined)).toBe('stale');
    expect(await store().document(agent)).toStrictEqual(document(agent, 1, 1));
  });

  it('writes a document only after the very epoch and generation that it was compiled from', async () => {
    const agent = 'edge.acme.second';
    await store().writeDocument(document(agent, 2, 5), undefined);
    const stale = [
      { epoch: 1, generation: 5 },
      { epoch: 2, generation: 4 },
      { epoch: 2, generation: 6 },
    ];
    for (const after of stale)
      expect(await store().writeDocument(document(agent, 3, 1), after)).toBe('stale');
    const outcome = await store().writeDocument(document(agent, 3, 1), { epoch: 2, generation: 5 });
    expect(outcome).toBe('written');
    expect(await store().document(agent)).toStrictEqual(document(agent, 3, 1));
  });

  it('lets one of many racing compilers win', async () => {
    const agent = 'edge.acme.race';
    await store().writeDocument(document(agent, 1, 1), undefined);
    const outcomes = await race((racer) =>
      store().writeDocument(document(agent, 1, racer + 2), { epoch: 1, generation: 1 }),
    );
    expect(winners(outcomes)).toHaveLength(1);
    const stored = await store().document(agent);
    expect(stored?.document.envelope.generation).toBe(Number(winners(outcomes)[0]) + 2);
  });
}

export function describeNotices(store: Given): void {
  it('keeps the newest report of an agent', async () => {
    expect(await store().report('edge.acme.report')).toBeUndefined();
    await store().writeReport('edge.acme.report', 'then', report('1'));
    await store().writeReport('edge.acme.report', 'now', report('2'));
    expect(await store().report('edge.acme.report')).toStrictEqual({ at: 'now', report: report('2') });
  });

  it('keeps the newest liveness of a hub, beside its report and its document', async () => {
    const agent = 'hub.a';
    expect(await store().liveness(agent)).toBeUndefined();
    await store().writeReport(agent, 'now', report('1'));
    await store().writeDocument(document(agent, 1, 1), undefined);
    await store().writeLiveness(agent, 'then', livenessOf(1));
    await store().writeLiveness(agent, 'now', livenessOf(2));
    expect(await store().liveness(agent)).toStrictEqual({ at: 'now', liveness: livenessOf(2) });
    expect(await store().report(agent)).toStrictEqual({ at: 'now', report: report('1') });
    expect(await store().document(agent)).toStrictEqual(document(agent, 1, 1));
  });
}

export function describeSizes(store: Given): void {
  it('keeps an item of 300 kB and refuses one of 450 kB with a coded error', async () => {
    const large = tenant('large', 'x'.repeat(300_000));
    expect(await store().create(large)).toBe('written');
    expect(await store().get(large.key)).toStrictEqual(large);
    const fault = { code: 'store.too_large' };
    await expect(store().create(tenant('larger', 'x'.repeat(450_000)))).rejects.toMatchObject(fault);
    const grown = { ...tenant('large', 'x'.repeat(450_000)), version: 2 };
    await expect(store().replace(grown)).rejects.toMatchObject(fault);
    expect(await store().get(large.key)).toStrictEqual(large);
  });

  it('keeps the liveness and the document of a hub with 5,000 peers, and a ledger of 5,000 addresses', async () => {
    const liveness = livenessOf(5_000);
    await store().writeLiveness('hub.big', 'now', liveness);
    expect(await store().liveness('hub.big')).toStrictEqual({ at: 'now', liveness });

    const stored = documentOfPeers(5_000);
    await store().writeDocument(stored, undefined);
    expect(await store().document('hub.big')).toStrictEqual(stored);

    const ledger = { block: '100.80.0.0/16', version: 1, taken: addresses(5_000) };
    await store().writeLedger(ledger);
    expect(await store().ledger('100.80.0.0/16')).toStrictEqual(ledger);
  });
}

function livenessOf(count: number): Liveness {
  const peers = Array.from({ length: count }, (_, index) => ({
    agent: `edge.tenant-${index % 97}.data-center-${index}`,
    up: index % 13 !== 0,
    ...(index % 7 === 0 ? {} : { handshakeAgeSeconds: (index * 7_919) % 180 }),
    ...(index % 5 === 0 ? {} : { probeAgeSeconds: index % 10 }),
    receivedBytes: (index * 1_000_003) % 10_000_000_019,
    sentBytes: (index * 2_000_029) % 10_000_000_033,
    spoofedPackets: 0,
  }));
  return { peers };
}

/** Hashes don't pack well, hence random ones. */
function documentOfPeers(count: number) {
  const stored = document('hub.big', 1, 1);
  const manifest = Array.from({ length: count }, (_, index) => ({
    name: `peer/tenant-${index % 97}/data-center-${index}/data-center-${index}`,
    hash: randomBytes(32).toString('hex'),
    bytes: 400 + (index % 100),
  }));
  return { ...stored, document: { ...stored.document, manifest } };
}

function addresses(count: number) {
  return Object.fromEntries(
    Array.from({ length: count }, (_, index) => {
      const owner = `agent/edge.tenant-${index % 97}.data-center-${index}`;
      return [`100.80.${index >> 8}.${index & 255}/32`, { owner, at: '2026-01-31T12:00:00.000Z' }];
    }),
  );
}
