/** The chart as Helm reads it, without a cluster: what is in it by which values, and what it must be told. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { cacheDirectory } from '../../build/cache.ts';
import { check } from '../../local/command.ts';

const CHART = new URL('../../infra/kubernetes', import.meta.url).pathname;
const HELM = join(cacheDirectory(process.env), 'bin/helm');
const TEMPLATE = ['template', 'isthmus-edge', CHART, '--namespace', 'isthmus-system'];
const EDGE = 'controlPlane=https://control.example.net,cluster=prod';
const KNOWN = z.looseObject({ kind: z.string(), metadata: z.looseObject({ name: z.string() }) });

async function rendered(settings: string): Promise<string[]> {
  const text = await check([HELM, ...TEMPLATE, '--set', settings]);
  return parseAllDocuments(text).flatMap((document) => {
    const known = KNOWN.safeParse(document.toJS()).data;
    return known === undefined ? [] : [`${known.kind} ${known.metadata.name}`];
  });
}

describe('the chart', () => {
  test('has no fault by the values that stand in it', async () => {
    const said = await check([HELM, 'lint', CHART, '--strict', '--namespace', 'isthmus-system']);
    expect(said).toContain('0 chart(s) failed');
  });

  test('is an edge and its rights by itself, and wants to know of which cluster', async () => {
    const all = await rendered(EDGE);
    expect(all).toEqual(expect.arrayContaining(['StatefulSet isthmus-edge', 'ServiceAccount isthmus-edge']));
    expect(all).not.toContain('DaemonSet isthmus-node');
    await expect(check([HELM, ...TEMPLATE])).rejects.toThrow(/Give controlPlane/);
    await expect(rendered('controlPlane=https://a')).rejects.toThrow(/Give cluster/);
    await expect(rendered('controlPlane=http://a,cluster=prod')).rejects.toThrow(/controlPlane/);
  });

  test('is the agents on nodes alone, beside an edge outside whose rights are there', async () => {
    expect(await rendered('edge.enabled=false,rights.create=false,node.enabled=true')).toEqual([
      'DaemonSet isthmus-node',
    ]);
  });
});
