/** The Kubernetes driver against a real cluster with containers: the contract of all drivers, and what is Kubernetes' own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKubernetesDriver } from '../../edge-agent/clusters/kubernetes.ts';
import { readForeign } from '../../edge-agent/clusters/kubernetes-foreign.ts';
import { KubeClient } from '../../edge-agent/kube/client.ts';
import { readKubeconfig } from '../../edge-agent/kube/kubeconfig.ts';
import { createLab, type Lab } from '../../local/lab.ts';
import { driverContract, untilReady, workloadOf } from '../edge-agent/clusters/driver-contract.ts';
import { type TrackStand, trackContract } from '../edge-agent/clusters/track-contract.ts';
import { type KubeCluster, raiseCluster } from '../fixtures/kube/cluster.ts';
import { askService } from './asking.ts';
import { eventually } from './eventually.ts';
import { startKubeGate } from './kube-gate.ts';

let lab: Lab;
let cluster: KubeCluster;
let client: KubeClient;
let gate: Awaited<ReturnType<typeof startKubeGate>>;

beforeAll(async () => {
  lab = await createLab({ name: 'kube-driver' });
  const lan = await lab.bridge('lan');
  const hosts = await Promise.all(
    ['plane', 'one', 'two'].map(async (name, index) => {
      const host = await lab.host(name);
      const address = `10.0.0.${10 + index}`;
      await lab.plug(host, 'eth0', lan);
      await host.ip(`addr add ${address}/24 dev eth0`);
      return { host, address };
    }),
  );
  const [controlPlane, ...nodes] = hosts;
  if (controlPlane === undefined) throw new Error('there are no hosts');
  cluster = await raiseCluster({ name: 'drv', controlPlane, nodes });
  gate = await startKubeGate(controlPlane.host, cluster);
  const credentials = await readKubeconfig(cluster.kubeconfig);
  client = new KubeClient({
    credentials: { ...credentials, server: gate.server, serverName: 'kubernetes' },
    wallNow: () => Date.now(),
  });
});

afterAll(async () => {
  client?.close();
  await gate?.close();
  await cluster?.close();
  await lab?.destroy();
});

function stand(): TrackStand {
  const { credentials } = client;
  const nowhere = new KubeClient({
    credentials: { ...credentials, server: 'https://127.0.0.1:1' },
    wallNow: () => Date.now(),
  });
  const get = (words: string) => cluster.kube(['-n', 'acme', 'get', ...words.split(' ')]);
  return {
    driver: createKubernetesDriver(client, Date.now),
    unreachable: createKubernetesDriver(nowhere, Date.now),
    images: { first: 'local/tool:1', second: 'local/tool:2', missing: 'local/none:1' },
    meddle: async ({ app }) => {
      await cluster.kube(['-n', 'acme', 'scale', `deployment/${app}`, '--replicas=5']);
    },
    decorate: async ({ app }) => {
      await cluster.kube(['-n', 'acme', 'annotate', `deployment/${app}`, 'others.example/note=keep']);
      await cluster.kube([
        '-n',
        'acme',
        'patch',
        `deployment/${app}`,
        '-p',
        '{"spec":{"revisionHistoryLimit":3}}',
      ]);
      return async () => {
        const kept = await get(
          `deployment ${app} -o jsonpath={.metadata.annotations.others\\.example/note}{.spec.revisionHistoryLimit}`,
        );
        return kept === 'keep3';
      };
    },
    occupy: async ({ app }) => {
      await cluster.kube(['-n', 'acme', 'create', 'service', 'clusterip', app, '--tcp=80']);
      const before = await get(`service ${app} -o jsonpath={.metadata.resourceVersion}`);
      return async () => (await get(`service ${app} -o jsonpath={.metadata.resourceVersion}`)) === before;
    },
    ask: (url, times) => askService(cluster, { url, times }),
    leftovers: async ({ app }) => {
      const kinds =
        'configmaps,services,networkpolicies,deployments,statefulsets,horizontalpodautoscalers,poddisruptionbudgets,pods';
      return (await get(`${kinds} -l isthmus.dev/app=${app} -o name`))
        .split('\n')
        .filter((line) => line !== '');
    },
  };
}

describe('the Kubernetes driver', () => {
  driverContract(stand);
  trackContract(stand);

  test('gives files, variables and secrets to a container, and a new one when a file changes', async () => {
    const { driver } = stand();
    const at = (content: string) =>
      workloadOf('files', 'local/tool:1', {
        replicas: 1,
        command: ['serve', ':8080', '/etc/app/app.conf'],
        files: [{ path: '/etc/app/app.conf', content, mode: 0o600 }],
        environment: { GREETING: 'hello' },
        secrets: [{ secret: 'word', key: 'pass', as: { kind: 'variable', name: 'PASS' } }],
      });
    await cluster.kube(['-n', 'acme', 'create', 'secret', 'generic', 'word', '--from-literal=pass=hidden']);
    await driver.apply(at('one'));
    await untilReady(driver, at('one'));
    const ask = (variable: string) =>
      cluster.kube([
        '-n',
        'acme',
        'exec',
        'deploy/files',
        '--',
        'get',
        `http://127.0.0.1:8080/?variable=${variable}`,
      ]);
    expect(JSON.parse(await ask('GREETING'))).toMatchObject({ content: 'one', variable: 'hello' });
    expect(JSON.parse(await ask('PASS'))).toMatchObject({ variable: 'hidden' });
    await driver.apply({ ...at('two'), release: 2 });
    await untilReady(driver, { ...at('two'), release: 2 });
    expect(JSON.parse(await ask('GREETING'))).toMatchObject({ content: 'two' });
    const maps = await cluster.kube([
      '-n',
      'acme',
      'get',
      'configmaps',
      '-l',
      'isthmus.dev/app=files',
      '-o',
      'name',
    ]);
    expect(maps.trim().split('\n').length).toBe(1);
  });

  test('beside others counts what they ask for, and nothing of ours', async () => {
    const { driver } = stand();
    const ours = workloadOf('counted', 'local/tool:1', { replicas: 1, resources: { cpuMillis: 300 } });
    await driver.apply(ours);
    await untilReady(driver, ours);
    const before = await readForeign(client);
    const resources = { requests: { cpu: '150m', memory: '32Mi' } };
    const containers = [{ name: 'c', image: 'local/tool:1', command: ['serve'], resources }];
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'theirs' }, spec: { containers } };
    await cluster.kube(['apply', '-f', '-'], JSON.stringify(pod));
    await cluster.kube(['wait', '--for=condition=Ready', 'pod/theirs', '--timeout=60s']);
    expect(await readForeign(client)).toEqual({
      cpuMillis: (before?.cpuMillis ?? 0) + 150,
      memoryMib: (before?.memoryMib ?? 0) + 32,
      pods: (before?.pods ?? 0) + 1,
    });
    await cluster.kube(['delete', 'pod', 'theirs', '--wait=false']);
    await driver.remove(ours);
  });

  test('takes away an autoscaler that an older version of ours made, and sets the number itself', async () => {
    const { driver } = stand();
    const workload = workloadOf('scaling', 'local/tool:1', { replicas: 1 });
    await driver.apply(workload);
    await cluster.kube(['-n', 'acme', 'autoscale', 'deployment/scaling', '--min=2', '--max=4']);
    const labels = await cluster.kube([
      '-n',
      'acme',
      'get',
      'deployment',
      'scaling',
      '-o',
      'jsonpath={.metadata.labels}',
    ]);
    const own = Object.entries<string>(JSON.parse(labels)).map(([key, value]) => `${key}=${value}`);
    await cluster.kube(['-n', 'acme', 'label', 'hpa', 'scaling', '--overwrite', ...own]);
    await driver.apply(workload);
    expect(await cluster.kube(['-n', 'acme', 'get', 'hpa', '-o', 'name'])).toBe('');
    await cluster.kube(['-n', 'acme', 'scale', 'deployment/scaling', '--replicas=3']);
    await driver.apply(workload);
    expect(
      await cluster.kube(['-n', 'acme', 'get', 'deployment', 'scaling', '-o', 'jsonpath={.spec.replicas}']),
    ).toBe('1');
    await driver.remove(workload);
  });

  test('tells the CPU of pods that are ready by the kubelets, where nobody serves metrics', async () => {
    const { driver } = stand();
    const workload = workloadOf('busy', 'local/tool:1', { replicas: 1 });
    await driver.apply(workload);
    await untilReady(driver, workload);
    await eventually(async () => {
      const readings = (await driver.usage?.(workload)) ?? [];
      expect(readings.map(({ kind }) => kind)).toEqual(['counter']);
    }, 40_000);
    await driver.remove(workload);
  });

  test('comes to the same after it was killed behind any request', async () => {
    const workload = workloadOf('crashed', 'local/tool:1', {
      replicas: 0,
      files: [{ path: '/etc/a', content: 'a', mode: 0o644 }],
    });
    const { driver } = stand();
    await driver.apply(workload);
    const names = async () =>
      [...(await stand().leftovers(workload))].filter((name) => !name.startsWith('pod/')).sort();
    const whole = await names();
    await driver.remove(workload);
    let survived = false;
    for (let limit = 1; !survived && limit < 60; limit += 1) {
      survived = await driverOf(dyingAfter(limit))
        .apply(workload)
        .then(
          () => true,
          () => false,
        );
      await driver.apply(workload);
      expect(await names()).toEqual(whole);
      await driver.remove(workload);
    }
    expect(survived).toBe(true);
  });
});

/** A client whose process ends after so many requests. */
function dyingAfter(requests: number): KubeClient {
  const dying = new KubeClient({ credentials: client.credentials, wallNow: () => Date.now() });
  let made = 0;
  const stream = dying.stream.bind(dying);
  dying.stream = (call) => {
    made += 1;
    return made > requests ? Promise.reject(new Error('killed')) : stream(call);
  };
  return dying;
}

const driverOf = (with_: KubeClient) => createKubernetesDriver(with_, Date.now);
