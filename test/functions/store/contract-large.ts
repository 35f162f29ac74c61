/** The promises about what is larger than an item of the table: a hub's document, and its liveness, with 10,000 sites and more. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { StoredDocument } from '../../../functions/store/port.ts';
import type { Version } from '../../../protocol/document.ts';
import type { Liveness } from '../../../protocol/report.ts';
import { document } from './examples.ts';
import { type Given, winners } from './races.ts';

/** What an agent takes at most. */
const LEAVES_MAX = 25_000;
const LABEL_LENGTH_MAX = 63;
const LARGE = 3_100;
const RACERS = 6;
const SLOW_MS = 60_000;

/** A document of so many leaves; `salt` tells one from another of the same version. Hashes and names don't pack well. */
export function largeDocument(
  agent: string,
  { epoch, generation }: Version,
  { entries = LARGE, salt = '' } = {},
): StoredDocument {
  const stored = document(agent, epoch, generation);
  const digest = (text: string) => createHash('sha256').update(`${salt} ${generation} ${text}`).digest('hex');
  const label = (text: string) => `x${digest(text)}`.slice(0, LABEL_LENGTH_MAX);
  const manifest = Array.from({ length: entries }, (_, index) => ({
    name: `peer/${label(`t${index}`)}/${label(`s${index}`)}/${label(`e${index}`)}`,
    hash: digest(`${index}`),
    bytes: 400 + (index % 100),
  }));
  const envelope = { ...stored.document.envelope, manifestHash: digest(JSON.stringify(manifest)) };
  return { agent, document: { ...stored.document, envelope, manifest } };
}

export function describeLargeDocuments(store: Given): void {
  it('keeps a document of 25,000 leaves with the longest names', { timeout: SLOW_MS }, async () => {
    const stored = largeDocument('hub.huge', { epoch: 1, generation: 1 }, { entries: LEAVES_MAX });
    expect(await store().writeDocument(stored, undefined)).toBe('written');
    expect(await store().document('hub.huge')).toStrictEqual(stored);
  });

  it('refuses a document of more leaves than is sensible, with a coded error', async () => {
    const stored = document('hub.beyond', 1, 1);
    const [entry] = stored.document.manifest;
    const manifest = Array.from({ length: 60_001 }, () => ({ ...entry, name: 'n', hash: 'h', bytes: 1 }));
    const beyond = { ...stored, document: { ...stored.document, manifest } };
    await expect(store().writeDocument(beyond, undefined)).rejects.toMatchObject({ code: 'store.too_large' });
    expect(await store().document('hub.beyond')).toBeUndefined();
  });

  it('keeps the newest, whether large follows small or small follows large', async () => {
    const agent = 'hub.grows';
    const large = largeDocument(agent, { epoch: 1, generation: 2 });
    await store().writeDocument(document(agent, 1, 1), undefined);
    expect(await store().writeDocument(large, { epoch: 1, generation: 1 })).toBe('written');
    expect(await store().document(agent)).toStrictEqual(large);
    const larger = largeDocument(agent, { epoch: 1, generation: 3 }, { entries: LARGE * 2 });
    expect(await store().writeDocument(larger, { epoch: 1, generation: 2 })).toBe('written');
    expect(await store().document(agent)).toStrictEqual(larger);
    expect(await store().writeDocument(document(agent, 1, 4), { epoch: 1, generation: 3 })).toBe('written');
    expect(await store().document(agent)).toStrictEqual(document(agent, 1, 4));
  });

  it('leaves a large document as it is when a writer of the same or of an older version comes too late', async () => {
    const agent = 'hub.late';
    const newest = largeDocument(agent, { epoch: 1, generation: 2 }, { salt: 'newest' });
    await store().writeDocument(largeDocument(agent, { epoch: 1, generation: 1 }), undefined);
    await store().writeDocument(newest, { epoch: 1, generation: 1 });
    const same = largeDocument(agent, { epoch: 1, generation: 2 }, { salt: 'same' });
    expect(await store().writeDocument(same, { epoch: 1, generation: 1 })).toBe('stale');
    expect(await store().writeDocument(newest, { epoch: 1, generation: 1 })).toBe('stale');
    const older = largeDocument(agent, { epoch: 1, generation: 1 }, { salt: 'older' });
    expect(await store().writeDocument(older, undefined)).toBe('stale');
    expect(await store().document(agent)).toStrictEqual(newest);
  });
}

export function describeLargeRaces(store: Given): void {
  it('lets one of many racing compilers of large documents win, and keeps all of its parts', async () => {
    const agent = 'hub.race';
    const drafts = Array.from({ length: RACERS }, (_, racer) =>
      largeDocument(agent, { epoch: 1, generation: 1 }, { salt: `${racer}` }),
    );
    const outcomes = await Promise.all(drafts.map((draft) => store().writeDocument(draft, undefined)));
    expect(winners(outcomes)).toHaveLength(1);
    expect(await store().document(agent)).toStrictEqual(drafts[winners(outcomes)[0] ?? -1]);
  });

  it('shows a document that is whole, however often it is replaced meanwhile', async () => {
    const agent = 'hub.busy';
    const versions = Array.from({ length: 12 }, (_, index) => ({ epoch: 1, generation: index + 1 }));
    const drafts = versions.map((version) => largeDocument(agent, version));
    await store().writeDocument(drafts[0] ?? document(agent, 1, 1), undefined);
    const isOver = { yet: false };
    const read = async () => {
      while (!isOver.yet) {
        const seen = await store().document(agent);
        expect(seen).toStrictEqual(drafts[(seen?.document.envelope.generation ?? 0) - 1]);
      }
    };
    const replace = async () => {
      for (const [index, draft] of drafts.slice(1).entries())
        expect(await store().writeDocument(draft, versions[index])).toBe('written');
      isOver.yet = true;
    };
    await Promise.all([read(), read(), replace()]);
  });
}

export function describeLargeLiveness(store: Given): void {
  const part = (round: number, index: number, count = 3): Liveness => ({
    part: { round, index, count },
    peers: [
      { agent: `edge.acme.${round}-${index}`, up: true, receivedBytes: 1, sentBytes: 2, spoofedPackets: 0 },
    ],
  });
  const agents = async (hub: string) => {
    const heard = await store().liveness(hub);
    return heard && [heard.at, ...heard.liveness.peers.map(({ agent }) => agent.replace('edge.acme.', ''))];
  };

  it('shows liveness that came in parts once its head is there, and as one', async () => {
    const hub = 'hub.parts';
    await store().writeLiveness(hub, 'a', part(0, 2));
    await store().writeLiveness(hub, 'b', part(0, 1));
    expect(await agents(hub)).toBeUndefined();
    await store().writeLiveness(hub, 'c', part(0, 0));
    expect(await agents(hub)).toStrictEqual(['c', '0-0', '0-1', '0-2']);
    expect((await store().liveness(hub))?.liveness.part).toBeUndefined();
  });

  it('shows the round before until the next is whole', async () => {
    const hub = 'hub.rounds';
    for (const index of [2, 1, 0]) await store().writeLiveness(hub, 'then', part(0, index));
    for (const index of [2, 1]) await store().writeLiveness(hub, 'now', part(1, index));
    expect(await agents(hub)).toStrictEqual(['then', '0-0', '0-1', '0-2']);
    await store().writeLiveness(hub, 'now', part(1, 0));
    expect(await agents(hub)).toStrictEqual(['now', '1-0', '1-1', '1-2']);
  });

  it('shows no part of an older round once there are fewer parts, or one batch', async () => {
    const hub = 'hub.shrinks';
    for (const index of [2, 1, 0]) await store().writeLiveness(hub, 'then', part(0, index));
    for (const index of [1, 0]) await store().writeLiveness(hub, 'now', part(1, index, 2));
    expect(await agents(hub)).toStrictEqual(['now', '1-0', '1-1']);
    const whole = { peers: part(2, 0).peers };
    await store().writeLiveness(hub, 'later', whole);
    expect(await store().liveness(hub)).toStrictEqual({ at: 'later', liveness: whole });
  });

  it('shows nothing while a part is missing: an edge must not look as if its hub had not heard it', async () => {
    await store().writeLiveness('hub.torn', 'now', part(0, 0));
    await store().writeLiveness('hub.torn', 'now', part(0, 2));
    expect(await store().liveness('hub.torn')).toBeUndefined();
  });
}
