/** Death and partition told apart: what is said of a node after what was heard. Laws over random weather are in `node-weather.test.ts`. */
import { describe, expect, test } from 'vitest';
import {
  type Judgement,
  judge,
  type Look,
  type Memory,
  type NodeSight,
  remember,
  type Testimony,
} from '../../../edge-agent/controllers/node-verdict.ts';

const STEP_MS = 5_000;

interface Moment {
  readonly isApiServerThere?: boolean;
  /** Of the node `n`; it renews its lease at this moment. */
  readonly renews?: boolean;
  readonly ready?: NodeSight['ready'];
  readonly testimony?: Testimony;
  /** Testimony on each of four others, which always renew their leases unless they are told not to. */
  readonly others?: Testimony;
  readonly othersRenew?: boolean;
}

/** The moment, every five seconds for so long, after what was before. */
function during(seconds: number, moment: Moment, before: Look[] = []): Look[] {
  const looks = [...before];
  for (let passed = 0; passed < seconds * 1_000; passed += STEP_MS) looks.push(lookOf(looks.at(-1), moment));
  return looks;
}

function lookOf(last: Look | undefined, moment: Moment): Look {
  const atMs = (last?.atMs ?? 1_000_000) + STEP_MS;
  const { isApiServerThere = true, renews = false, othersRenew = true, ready = 'True' } = moment;
  const renewed = (name: string, does: boolean) =>
    does ? `t${atMs}` : (last?.nodes.find((node) => node.name === name)?.renewTime ?? 't0');
  const others = ['a', 'b', 'c', 'd'].map((name) => ({
    name,
    ready: 'True' as const,
    renewTime: renewed(name, othersRenew),
    testimony: moment.others ?? 'answers',
  }));
  const node = { name: 'n', ready, renewTime: renewed('n', renews), testimony: moment.testimony };
  return { atMs, isApiServerThere, nodes: [node, ...others] };
}

function said(looks: readonly Look[]): Judgement {
  return judge(memoryOf(looks), 'n');
}

function memoryOf(looks: readonly Look[]): Memory {
  const [first, ...rest] = looks;
  if (first === undefined) throw new Error('nobody looked');
  return rest.reduce((memory, look) => remember(memory, look), remember(undefined, first));
}

const WELL = during(60, { renews: true, testimony: 'answers' });

describe('a node is', () => {
  test.each<[string, Look[], Judgement]>([
    [
      'alive while it renews its lease',
      WELL,
      { verdict: 'alive', evidence: 'Its lease was renewed 0 s ago.', silentMs: 0 },
    ],
    [
      'alive while it renews its lease, whatever the site hears',
      during(300, { renews: true, testimony: 'silent', ready: 'False' }, WELL),
      { verdict: 'alive', evidence: 'Its lease was renewed 0 s ago.', silentMs: 0 },
    ],
    [
      'cut off if its host answers although its lease is old',
      during(300, { testimony: 'answers', ready: 'Unknown' }, WELL),
      {
        verdict: 'cut_off',
        evidence: 'The cluster has not heard from it for 300 s, but its host answered this edge 0 s ago.',
        silentMs: 0,
      },
    ],
    [
      'cut off if its host only refuses: containers may run without a kubelet',
      during(300, { testimony: 'refuses', ready: 'Unknown' }, WELL),
      {
        verdict: 'cut_off',
        evidence: 'The cluster has not heard from it for 300 s, but its host answered this edge 0 s ago.',
        silentMs: 0,
      },
    ],
    [
      'dead if nobody hears it',
      during(60, { testimony: 'silent', ready: 'Unknown' }, WELL),
      {
        verdict: 'dead',
        evidence:
          'The cluster has not heard from it for 60 s, and this edge, which hears the API server, has not heard its host for 60 s.',
        silentMs: 60_000,
      },
    ],
    [
      'not dead before its lease has ended',
      during(35, { testimony: 'silent' }, WELL),
      { verdict: 'alive', evidence: 'Its lease was renewed 35 s ago.', silentMs: 35_000 },
    ],
    [
      'unknown if most nodes fall silent at once',
      during(60, { testimony: 'silent', others: 'silent', othersRenew: false, ready: 'Unknown' }, WELL),
      {
        verdict: 'unknown',
        evidence:
          'The cluster has not heard from it for 60 s, but most nodes are silent at once: that looks like the network.',
        silentMs: 60_000,
      },
    ],
    [
      'unknown if the edge never heard it nor the others: a firewall is no death',
      during(
        60,
        { testimony: 'silent', others: 'silent', ready: 'Unknown' },
        during(60, { renews: true, testimony: 'silent', others: 'silent' }),
      ),
      {
        verdict: 'unknown',
        evidence:
          "The cluster has not heard from it for 60 s, and this edge, which never heard it nor most of the others, can't say more.",
        silentMs: 60_000,
      },
    ],
    [
      'unknown if the edge does not ask it',
      during(60, { ready: 'Unknown' }, WELL),
      {
        verdict: 'unknown',
        evidence: 'The cluster has not heard from it for 60 s, and this edge has not asked for long enough.',
        silentMs: 60_000,
      },
    ],
    [
      'unknown, and silent for no time, while the API server is away too',
      during(300, { isApiServerThere: false, testimony: 'silent' }, WELL),
      {
        verdict: 'unknown',
        evidence: 'The API server does not answer, and this edge does not hear the node either.',
        silentMs: 0,
      },
    ],
    [
      'alive if it answers while the API server is away',
      during(300, { isApiServerThere: false, testimony: 'answers' }, WELL),
      {
        verdict: 'alive',
        evidence: 'The API server does not answer; the node answered this edge 0 s ago.',
        silentMs: 0,
      },
    ],
    [
      'unknown to an edge that has just begun to listen',
      during(30, { testimony: 'silent', ready: 'Unknown' }),
      {
        verdict: 'unknown',
        evidence: 'Nothing was heard of it in the 25 s since this edge began to listen.',
        silentMs: 25_000,
      },
    ],
    [
      'dead to an edge that never heard it, but hears the others',
      during(60, { testimony: 'silent', ready: 'Unknown' }),
      {
        verdict: 'dead',
        evidence:
          'The cluster has not heard from it for 55 s, and this edge, which hears the API server, has not heard its host for 55 s.',
        silentMs: 55_000,
      },
    ],
  ])('%s', (_, looks, expected) => {
    expect(said(looks)).toEqual(expected);
  });

  test('given its time anew by an edge that was asleep', () => {
    const asleep = during(60, { testimony: 'silent', ready: 'Unknown' }, WELL);
    const last = lookOf(asleep.at(-1), { testimony: 'silent', ready: 'Unknown' });
    expect(said([...asleep, { ...last, atMs: last.atMs + 3_600_000 }])).toMatchObject({
      verdict: 'unknown',
      silentMs: 0,
    });
  });

  test('not known if the cluster has none of that name', () => {
    expect(judge(memoryOf(WELL), 'other').verdict).toBe('unknown');
  });
});
