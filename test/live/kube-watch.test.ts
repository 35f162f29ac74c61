/** Watches through hub, tunnel and proxy that nothing happens on for five minutes: none is cut, from memory or from the API server itself, and the next change arrives. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Running } from '../../local/command.ts';
import type { KubeCluster } from '../fixtures/kube/cluster.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually, pause } from './eventually.ts';
import { attachCluster, type Person, raisePerson } from './kube-site.ts';

const SILENCE_MS = 5 * 60_000;
const WATCH_SECONDS = 900;

let estate: Estate;
let cluster: KubeCluster;
let ada: Person;

beforeAll(async () => {
  estate = await raiseEstate({
    name: 'kube-watch',
    sites: [{ name: 'oslo', lan: '10.0.0.0/24', lanHosts: 2 }],
  });
  cluster = await attachCluster(estate, { site: 'oslo', name: 'prod' });
  const { programs } = cluster;
  ada = await raisePerson(estate, { name: 'ada', role: 'admin', clusters: ['prod'], programs });
}, 180_000);

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => console.error(await estate.describe()));
});

afterAll(async () => {
  await cluster?.close();
  await estate?.destroy();
});

/** One request, which is never begun again: a cut is its end. */
function watch(resource: 'configmaps' | 'secrets'): Running {
  const path = `/api/v1/namespaces/default/${resource}?watch=1&timeoutSeconds=${WATCH_SECONDS}`;
  const kubectl = [`${cluster.programs}/kubectl`, '--kubeconfig', ada.kubeconfig('prod')];
  return ada.host.spawn([...kubectl, 'get', '--raw', path], { env: { HOME: ada.home } });
}

test(
  'a silent watch lives on',
  async () => {
    const configMaps = watch('configmaps');
    // The edge may not read secrets: this one is the API server's own stream.
    const secrets = watch('secrets');
    const ended: string[] = [];
    void configMaps.exited.then(() => ended.push('configmaps'));
    void secrets.exited.then(() => ended.push('secrets'));
    const change = async (name: string) => {
      await cluster.kube(['create', 'configmap', name]);
      await cluster.kube(['create', 'secret', 'generic', name]);
    };
    const heard = (name: string) =>
      [configMaps, secrets].map((one) => one.output().includes(`"name":"${name}"`));
    await eventually(async () => {
      const { stdout } = await ada.kubectl('prod', ['get', 'configmaps', '-o', 'name']);
      expect(stdout).toContain('kube-root-ca.crt');
    }, 30_000);
    await change('before');
    await eventually(async () => expect(heard('before')).toEqual([true, true]));
    await pause(SILENCE_MS);
    expect(ended).toEqual([]);
    await change('after');
    await eventually(async () => expect(heard('after')).toEqual([true, true]));
    expect(ended).toEqual([]);
    await Promise.all([configMaps.stop(), secrets.stop()]);
  },
  SILENCE_MS + 120_000,
);
