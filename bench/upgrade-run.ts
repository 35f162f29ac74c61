/**
 * One case of the upgrade bench: passes over the app as an edge makes them, judged as the control plane judges, under a steady load; three changes, one after the
 * other, and a bad release that is left to be taken back.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Workloads } from '../edge-agent/worker/workloads.ts';
import { afterVerdict, judge, releaseInForce } from '../functions/domain/rollout.ts';
import type { Releases } from '../functions/domain/rollout-stage.ts';
import type { AppInstance, AppTemplate } from '../protocol/app.ts';
import { Upgrade } from '../protocol/app-change.ts';
import { workloadOf } from '../test/edge-agent/clusters/driver-contract.ts';
import { drainingServer } from '../test/live/steady-load.ts';
import { type Answer, startLoad, type UpgradeCase, type UpgradeStand } from './upgrade-stand.ts';

const PASS_MS = 300;
const CHANGE_MS_MAX = 180_000;
const DEADLINE_SECONDS = 120;
const BAD_DEADLINE_SECONDS = 15;
/** Between changes, so that there is a calm time to compare with. */
const CALM_MS = 10_000;
const FILE = '/etc/app.conf';

export interface Change {
  readonly what: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface CaseResult {
  readonly answers: readonly Answer[];
  readonly changes: readonly Change[];
  readonly reason: string;
}

export interface LoadWanted {
  readonly requests: number;
  readonly ratePerSecond: number;
}

type Step = Readonly<Record<'image' | 'greeting' | 'content', string>>;

/** What is changed, one thing at a time. */
const FIRST: Step = { image: 'local/tool:1', greeting: 'one', content: 'one' };
const STEPS: readonly (readonly [string, Step])[] = [
  ['image', { ...FIRST, image: 'local/tool:2' }],
  ['environment', { ...FIRST, image: 'local/tool:2', greeting: 'two' }],
  ['config', { image: 'local/tool:2', greeting: 'two', content: 'two' }],
];

export async function runCase(one: UpgradeCase, wanted: LoadWanted): Promise<CaseResult> {
  const stand = await one.raise();
  try {
    const releases = new ReleasesOfOneApp(stand);
    await releases.bring(templateOf(one, FIRST));
    const endLoad = await startLoad(await stand.target(), wanted.ratePerSecond);
    const beganMs = Date.now();
    const changes: Change[] = [];
    await releases.stay(CALM_MS);
    for (const [what, step] of STEPS) {
      changes.push(await timed(what, () => releases.bring(templateOf(one, step))));
      await releases.stay(CALM_MS);
    }
    const state = { reason: '' };
    const bad = badOf(templateOf(one, STEPS.at(-1)?.[1] ?? FIRST));
    const back = async () => {
      state.reason = await releases.tryBad(bad);
    };
    changes.push(await timed('bad release', back));
    const restMs = (wanted.requests / wanted.ratePerSecond) * 1_000 - (Date.now() - beganMs);
    await releases.stay(Math.max(CALM_MS, restMs + CALM_MS / 2));
    return { answers: await endLoad(), changes, reason: state.reason };
  } finally {
    await stand.close();
  }
}

async function timed(what: string, work: () => Promise<void>): Promise<Change> {
  const fromMs = Date.now();
  await work();
  return { what, fromMs, toMs: Date.now() };
}

function templateOf({ ending }: UpgradeCase, { image, greeting, content }: Step): AppTemplate {
  const upgrade = Upgrade.parse({ kind: 'rolling', deadlineSeconds: DEADLINE_SECONDS });
  return workloadOf('steady', image, {
    command: ending === 'at once' ? ['serve', ':8080', FILE] : drainingServer(FILE),
    environment: { GREETING: greeting },
    files: [{ path: FILE, content, mode: 0o644 }],
    stopSeconds: 10,
    upgrade,
  }).template;
}

function badOf(template: AppTemplate): AppTemplate {
  const upgrade = { ...template.upgrade, deadlineSeconds: BAD_DEADLINE_SECONDS };
  const command = ['sh', '-c', 'echo the database has no such table; exit 3'];
  return { ...template, command, upgrade };
}

/** An edge's pass again and again, with the verdict of the control plane over what it told. */
class ReleasesOfOneApp {
  readonly #stand: UpgradeStand;
  readonly #workloads: Workloads;
  #releases: Releases = { release: 0 };
  #template: AppTemplate = workloadOf('steady', 'local/tool:1').template;

  constructor(stand: UpgradeStand) {
    this.#stand = stand;
    this.#workloads = new Workloads({
      driver: stand.driver,
      now: () => performance.now(),
      log: () => undefined,
    });
  }

  /** A new release, until it is up and nothing of the last one is left. */
  async bring(template: AppTemplate): Promise<void> {
    this.#begin(template);
    const { release } = this.#releases;
    const isDone = () => this.#releases.good?.release === release;
    await this.#passUntil((told) => isDone() && told.containers.length === told.wanted);
  }

  /** A release that is no good, until the last good one is all there is again; answers why it was taken back. */
  async tryBad(template: AppTemplate): Promise<string> {
    const { good } = this.#releases;
    this.#begin(template);
    const { release } = this.#releases;
    await this.#passUntil((told) => {
      const { failed } = this.#releases;
      const isBack = told.release === good?.release && told.updated === told.wanted;
      return failed?.release === release && isBack && told.containers.length === told.wanted;
    });
    return this.#releases.failed?.reason ?? '';
  }

  async stay(milliseconds: number): Promise<void> {
    const untilMs = performance.now() + milliseconds;
    while (performance.now() < untilMs) await this.#pass();
  }

  #begin(template: AppTemplate): void {
    this.#releases = { ...this.#releases, release: this.#releases.release + 1 };
    this.#template = template;
  }

  async #passUntil(isDone: (told: AppInstance) => boolean): Promise<void> {
    const untilMs = performance.now() + CHANGE_MS_MAX;
    for (;;) {
      const told = await this.#pass();
      if (isDone(told)) return;
      if (performance.now() > untilMs)
        throw new Error(`It did not come to that in time: ${JSON.stringify(told)}`);
    }
  }

  async #pass(): Promise<AppInstance> {
    const inForce = releaseInForce(this.#releases, this.#template);
    const leaf = { ...workloadOf('steady', inForce.template.image), ...inForce };
    this.#workloads.set([leaf]);
    await this.#workloads.pass();
    const [told] = this.#workloads.told ?? [];
    if (told === undefined) throw new Error('the pass told of nothing');
    const { instance } = told;
    await this.#stand.follow?.(instance);
    const clusters = [leaf.cluster];
    const verdict = judge({ releases: this.#releases, clusters, instances: [instance] });
    this.#releases = afterVerdict(this.#releases, this.#template, verdict) ?? this.#releases;
    await pause(PASS_MS);
    return instance;
  }
}
