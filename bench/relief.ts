/**
 * What the cache spares an API server: 200 clients list and 500 watch the pods of a cluster of 2,000, half of the lists from any version and half the most
 * recent, by 20 identities, while pods change; directly, and by the cluster proxy with its cache. `node bench/relief.ts [SECONDS [PODS [LISTERS [WATCHERS]]]]`
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { openCache } from '../edge-agent/cache/cache.ts';
import { KubeClient } from '../edge-agent/kube/client.ts';
import { readKubeconfig } from '../edge-agent/kube/kubeconfig.ts';
import { type ApiServer, startApiServer } from '../test/fixtures/kube/api-server.ts';
import { HOST, startProxyStand, tokenOf } from '../test/live/proxy-stand.ts';
import { printResult } from './figures.ts';
import type { LoadFigures } from './relief-load.ts';
import { bindReaders, churn, makePods, PODS_PATH, userOf } from './relief-pods.ts';

const SECONDS = Number(process.argv[2] ?? 30);
const PODS = Number(process.argv[3] ?? 2_000);
const IDENTITIES = 20;
const LISTERS = Number(process.argv[4] ?? 200);
const WATCHERS = Number(process.argv[5] ?? 500);
const PAUSE_MS = 1_000;
const WARM_MS = 8_000;
const BUDGET_BYTES = 256 * 1024 * 1024;
const TICKS_A_SECOND = 100;
const GOAL = { upstreamTimesFewer: 50, cpuTimesLess: 10, p50TimesFaster: 1, p99TimesFaster: 1 };

interface Way {
  readonly port: number;
  readonly authority: string;
  readonly serverName: string;
  readonly identities: readonly Record<string, string>[];
}

interface Measured {
  readonly load: LoadFigures;
  readonly apiSeconds: number;
  readonly edgeSeconds: number;
}

function cpuSeconds(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN);
}

async function load(api: ApiServer, way: Way): Promise<Measured> {
  const child = spawn(process.execPath, ['bench/relief-load.ts'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(
    JSON.stringify({
      ...way,
      host: '127.0.0.1',
      listers: LISTERS,
      watchers: WATCHERS,
      pauseMs: PAUSE_MS,
      warmMs: WARM_MS,
      windowMs: SECONDS * 1_000,
      path: PODS_PATH,
    }),
  );
  const changing = churn(api);
  const marks = new Map<string, { readonly api: number; readonly edge: number }>();
  let figures: LoadFigures | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const { user, system } = process.cpuUsage();
    const said: unknown = JSON.parse(line);
    if (typeof said === 'string') {
      marks.set(said, { api: cpuSeconds(api.pids().apiServer), edge: (user + system) / 1e6 });
      if (said === 'ended') await changing.stop();
    } else figures = JSON.parse(line);
  }
  const [begun, ended] = [marks.get('begun'), marks.get('ended')];
  if (figures === undefined || begun === undefined || ended === undefined)
    throw new Error('the load broke off');
  return { load: figures, apiSeconds: ended.api - begun.api, edgeSeconds: ended.edge - begun.edge };
}

/** Whatever a client was told must be what the server says of that version; all watchers saw one sequence. */
async function faultsOf(client: KubeClient, { samples, sequences, faults }: LoadFigures): Promise<string[]> {
  const found = [...new Set(faults)].slice(0, 10);
  for (const { version, objects } of samples) {
    const query = { resourceVersion: String(version), resourceVersionMatch: 'Exact' };
    const text = await client.text({ method: 'GET', path: PODS_PATH, query });
    const truth: { items: { metadata: { namespace: string; name: string; resourceVersion: string } }[] } =
      JSON.parse(text);
    const right = truth.items.map(({ metadata }) => [
      `${metadata.namespace}/${metadata.name}`,
      metadata.resourceVersion,
    ]);
    if (JSON.stringify(right) !== JSON.stringify(objects)) found.push(`a list of ${version} differs`);
  }
  const longest = [...sequences].sort((one, other) => other.length - one.length)[0] ?? [];
  if (longest.some((version, index) => index > 0 && version <= (longest[index - 1] ?? 0)))
    found.push('the events of a watcher are not in order');
  const different = sequences.filter((one) => JSON.stringify(one) !== JSON.stringify(longest)).length;
  if (different > 0) found.push(`${different} watchers saw other events than the rest`);
  return found;
}

const api = await startApiServer();
const client = new KubeClient({
  credentials: await readKubeconfig(api.kubeconfig),
  wallNow: () => Date.now(),
});
try {
  await bindReaders(api, IDENTITIES);
  await makePods(client, PODS);
  const users = Array.from({ length: IDENTITIES }, (_, index) => userOf(index));
  for (const user of users) await api.pki.client({ name: user, user, server: api.server });
  const read = (file: string) => readFileSync(api.pki.path(file), 'utf8');
  const direct = await load(api, {
    port: Number(new URL(api.server).port),
    authority: read('ca.crt'),
    serverName: 'kubernetes',
    identities: users.map((user) => ({ certificate: read(`${user}.crt`), key: read(`${user}.key`) })),
  });
  const directFaults = await faultsOf(client, direct.load);
  await pause(5_000);

  const cache = openCache({
    client,
    monotonicNow: () => performance.now(),
    wallNow: () => Date.now(),
    budgetBytes: BUDGET_BYTES,
    log: (line) => console.error(line),
  });
  const stand = await startProxyStand(api, { relief: cache });
  stand.set({ access: users.map((user) => ({ subject: user, user, groups: [] })) });
  const relieved = await load(api, {
    port: stand.proxy.port,
    authority: stand.authority,
    serverName: HOST,
    identities: users.map((user) => ({ token: tokenOf(user) })),
  });
  const faults = await faultsOf(client, relieved.load);
  const analysis = cache.analysis();
  cache.close();
  await stand.close();

  const asked = ({ load: { allLists, watches } }: Measured) => allLists + watches;
  const times = ({ load: { anyMs, freshMs } }: Measured) => [...anyMs, ...freshMs];
  // Both counted from the start, the time in which all got warm included.
  const upstream = analysis.upstreamLists + analysis.upstreamWatches;
  const figures = {
    pods: PODS,
    seconds: SECONDS,
    directLists: direct.load.lists,
    relievedLists: relieved.load.lists,
    watchers: WATCHERS,
    upstreamRequests: upstream,
    accessReviews: analysis.accessReviews,
    upstreamTimesFewer: Math.round(asked(relieved) / upstream),
    directApiCpuSeconds: Math.round(direct.apiSeconds * 10) / 10,
    relievedApiCpuSeconds: Math.round(relieved.apiSeconds * 10) / 10,
    cpuTimesLess: Math.round((direct.apiSeconds / relieved.apiSeconds) * 10) / 10,
    cpuTimesLessPerList:
      Math.round((direct.apiSeconds / direct.load.lists / (relieved.apiSeconds / relieved.load.lists)) * 10) /
      10,
    edgeCpuSeconds: Math.round(relieved.edgeSeconds * 10) / 10,
    edgeResidentMb: Math.round(process.memoryUsage().rss / 1e6),
    directP50Ms: quantile(times(direct), 0.5),
    directP99Ms: quantile(times(direct), 0.99),
    relievedP50Ms: quantile(times(relieved), 0.5),
    relievedP99Ms: quantile(times(relieved), 0.99),
    relievedAnyP50Ms: quantile(relieved.load.anyMs, 0.5),
    relievedFreshP50Ms: quantile(relieved.load.freshMs, 0.5),
    directFreshP50Ms: quantile(direct.load.freshMs, 0.5),
    listsCompared: relieved.load.samples.length,
    eventsAWatcher: relieved.load.sequences[0]?.length ?? 0,
    faults: faults.join('; '),
    directFaults: directFaults.join('; '),
  };
  console.table(figures);
  for (const sentence of analysis.advice.slice(0, 3)) console.log(sentence);
  const met =
    faults.length === 0 &&
    figures.upstreamTimesFewer >= GOAL.upstreamTimesFewer &&
    figures.cpuTimesLess >= GOAL.cpuTimesLess &&
    figures.relievedP50Ms <= figures.directP50Ms &&
    figures.relievedP99Ms <= figures.directP99Ms;
  printResult({ bench: 'relief', figures, goal: GOAL, met });
  process.exitCode = met ? 0 : 1;
} finally {
  client.close();
  await api.close();
}
