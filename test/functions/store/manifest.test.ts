/** What is left in the table when a writer of a large document stops half-way, and that it is removed in the end. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStore } from '../../../functions/store/table.ts';
import { type LocalTable, openTable } from '../../../local/table.ts';
import { largeDocument } from './contract-large.ts';
import { document } from './examples.ts';

const PARTS = 3;
const FIRST = { epoch: 1, generation: 1 };
const SECOND = { epoch: 1, generation: 2 };
const THIRD = { epoch: 1, generation: 3 };

interface Life {
  /** What a process writes before it dies; what it asks afterwards is never answered. */
  writes: number;
  /** What others do once, before the next query of the process is answered. */
  meanwhile?: (() => Promise<unknown>) | undefined;
}

function mortal({ client }: LocalTable): Life {
  const life: Life = { writes: Number.POSITIVE_INFINITY };
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const isWrite = /^(Put|Delete)/.test(context.commandName ?? '');
      if (life.writes <= 0) throw new Error('The process is dead');
      if (isWrite) life.writes -= 1;
      const { meanwhile } = life;
      if (context.commandName !== 'QueryCommand') return next(args);
      life.meanwhile = undefined;
      await meanwhile?.();
      return next(args);
    },
    { step: 'initialize', name: 'mortal' },
  );
  return life;
}

describe('a large document', () => {
  let directory = '';
  const held: { table: LocalTable; life: Life }[] = [];
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'isthmus-manifest-'));
    const table = await openTable({ directory });
    held.push({ table, life: mortal(table) });
  });
  afterAll(async () => {
    for (const { table } of held) await table.close();
    await rm(directory, { recursive: true });
  });
  const world = () => {
    const [first] = held;
    if (first === undefined) throw new Error('The table is not open');
    return first;
  };
  /** A process of its own: it remembers nothing. */
  const open = () => createStore(world().table);
  const sortKeys = async (agent: string): Promise<string[]> => {
    const { client, tableName } = world().table;
    const query = { TableName: tableName, KeyConditionExpression: 'pk = :pk' };
    const values = { ExpressionAttributeValues: { ':pk': `agent#${agent}` }, ConsistentRead: true };
    const rows: unknown[] = [];
    let start: Record<string, unknown> | undefined;
    do {
      const answer = await client.send(new QueryCommand({ ...query, ...values, ExclusiveStartKey: start }));
      rows.push(...(answer.Items ?? []).map(({ sk }) => sk));
      start = answer.LastEvaluatedKey;
    } while (start);
    return rows.map(String);
  };

  // Three parts, the document, and the three parts of the one before.
  it.each([0, 1, 2, 3, 4, 5, 6, 7])(
    'is whole, old or new, when its writer dies after %d writes, and the next leaves nothing over',
    async (writes) => {
      const agent = `hub.crash-${writes}`;
      const drafts = [FIRST, SECOND].map((version) => largeDocument(agent, version));
      const [first = document(agent, 1, 1), second = document(agent, 1, 2)] = drafts;
      await open().writeDocument(first, undefined);
      world().life.writes = writes;
      await open()
        .writeDocument(second, FIRST)
        .catch(() => undefined);
      world().life.writes = Number.POSITIVE_INFINITY;
      const isWritten = writes > PARTS;
      expect(await open().document(agent)).toStrictEqual(isWritten ? second : first);

      const next = largeDocument(agent, THIRD, { salt: 'next' });
      expect(await open().writeDocument(next, isWritten ? SECOND : FIRST)).toBe('written');
      expect(await open().document(agent)).toStrictEqual(next);
      expect(await sortKeys(agent)).toHaveLength(PARTS + 1);
    },
  );

  it('takes its parts with it when a small one follows', async () => {
    const agent = 'hub.shrunk';
    await open().writeDocument(largeDocument(agent, FIRST), undefined);
    await open().writeDocument(document(agent, 1, 2), FIRST);
    expect(await sortKeys(agent)).toStrictEqual(['document']);
  });

  it('leaves the parts of writers that may yet win', async () => {
    const agent = 'hub.ahead';
    const first = largeDocument(agent, FIRST);
    const ahead = largeDocument(agent, SECOND);
    // It lost, as one does that has not come to its document yet.
    expect(await open().writeDocument(ahead, FIRST)).toBe('stale');
    expect(await open().writeDocument(first, undefined)).toBe('written');
    expect(await sortKeys(agent)).toHaveLength(2 * PARTS + 1);
    expect(await open().writeDocument(ahead, FIRST)).toBe('written');
    expect(await sortKeys(agent)).toHaveLength(PARTS + 1);
  });

  it('that is replaced while it is read is read again', async () => {
    const agent = 'hub.replaced';
    const [first, second] = [largeDocument(agent, FIRST), largeDocument(agent, SECOND)];
    await open().writeDocument(first, undefined);
    world().life.meanwhile = () => open().writeDocument(second, FIRST);
    expect(await open().document(agent)).toStrictEqual(second);
  });

  it('of which a part is missing is told by a coded error', async () => {
    const agent = 'hub.damaged';
    const stored = largeDocument(agent, FIRST);
    await open().writeDocument(stored, undefined);
    const [, sk] = (await sortKeys(agent)).sort();
    const { client, tableName } = world().table;
    await client.send(new DeleteCommand({ TableName: tableName, Key: { pk: `agent#${agent}`, sk } }));
    await expect(open().document(agent)).rejects.toMatchObject({ code: 'store.damaged' });
    const next = largeDocument(agent, SECOND);
    expect(await open().writeDocument(next, FIRST)).toBe('written');
    expect(await open().document(agent)).toStrictEqual(next);
  });

  it('is refused if its version is not above the one that it follows, for then its parts would not be safe', async () => {
    const agent = 'hub.back';
    await open().writeDocument(document(agent, 1, 2), undefined);
    const back = open().writeDocument(largeDocument(agent, FIRST), SECOND);
    await expect(back).rejects.toThrow('a higher version');
  });
});
