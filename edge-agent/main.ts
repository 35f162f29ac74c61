#!/usr/bin/env node
/**
 * The agent's command line. Exit codes: 0 done; 1 failed, or doctor found an error; 2 wrong usage or not enrolled;
 * 3 not running (status), already running (run); 4 the control plane did not answer (enrol): try again.
 */
import './frugal.ts';
import { Command, Option } from 'commander';
import { RELEASE } from '../protocol/version.ts';
import {
  addEngineCluster,
  addMarathonCluster,
  addMesosCluster,
  type ClusterOptions,
} from './cluster-options.ts';
import { addJoinCommands, addNodeCommands } from './engine-node-options.ts';
import { countOf, sizeOf } from './ping-limits.ts';
import { pathsUnder, readConfig, readEnvironment } from './settings.ts';

const EXIT = { failed: 1, usage: 2, running: 3, unreachable: 4 } as const;

const program = new Command('edge-agent')
  .description('The agent of Isthmus: joins this host to its hubs, or is one.')
  .version(RELEASE)
  .addOption(new Option('--root <dir>', 'directory that stands for / (tests)'))
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT.usage));

program
  .command('enrol')
  .description('make keys, redeem a one-off token and write /etc/isthmus/agent.json')
  .requiredOption('--control-plane <url>', 'https://HOST[:PORT]')
  .option('--token-file <file>', 'file that holds the token and nothing else')
  .option('--slot <file>', 'instead of a token: the slot that this instance has taken, proved by its role')
  .option('--ca <file>', "PEM of the authority of the control plane's certificate")
  .option('--root-key <spki...>', "the deployment's signing root (SPKI in base64); others are refused")
  .option('--advertise <cidr...>', 'prefixes of this LAN to expose')
  .option('--lan-device <name>', 'device whose addresses answer names')
  .action(async (options) => {
    const { enrolHost } = await import('./enrol-command.ts');
    const outcome = await enrolHost(options, pathsUnder(rootDirectory()));
    if (outcome.kind === 'failed') fail(outcome.reason, outcome.retry ? EXIT.unreachable : EXIT.failed);
    console.log(
      `enrolled as ${outcome.config.agent} (${outcome.config.role}), tunnel address ${outcome.tunnelAddress}`,
    );
    if (!outcome.approved) console.log('waits for approval: PUT .../edges/NAME with approved: true');
  });

program
  .command('slot')
  .description("take a hub's slot for this cloud instance: its network interface and its key")
  .argument('<file>', '/etc/isthmus/slot.json')
  .action(async (file: string) => {
    const { takeSlotOf } = await import('./slot-command.ts');
    const { device, address } = await takeSlotOf(file, pathsUnder(rootDirectory()), environmentOf());
    console.log(`has the slot: ${device}, ${address}`);
  });

program
  .command('run')
  .description('run the agent in the foreground until SIGTERM; tunnels stay when it ends')
  .action(async () => {
    const { config, paths, environment } = installed();
    const { runAgent } = await import('./run-command.ts');
    await runAgent(config, paths, environment);
    process.exit(0);
  });

program
  .command('plan')
  .description('say what would be done to bring this host to its document, and do nothing')
  .action(async () => {
    const { planInWords } = await import('./inspect-command.ts');
    console.log(await planInWords(installed()));
  });

program
  .command('status')
  .description('show tunnels, paths, prefixes and the document')
  .option('--json', 'as JSON')
  .action(async (options: { json?: boolean }) => {
    const { showStatus } = await import('./inspect-command.ts');
    show(await showStatus(installed(), options.json === true));
  });

program
  .command('doctor')
  .description('say what is wrong on this host and what to do')
  .option('--json', 'as JSON')
  .action(async (options: { json?: boolean }) => {
    const { showDoctor } = await import('./inspect-command.ts');
    show(await showDoctor(installed(), options.json === true));
  });

program
  .command('ping')
  .description(
    'send packets to a hub or through it, now: round trips, way and size. 1: one was lost or does not fit',
  )
  .argument('<target>', 'a hub by name, or an address')
  .addOption(new Option('--size <bytes>', 'do IP packets of so many bytes pass whole?').argParser(sizeOf))
  .addOption(new Option('--count <n>', 'packets whose time is taken').argParser(countOf).default(5))
  .option('--json', 'as JSON')
  .action(async (target: string, options: { size?: number; count: number; json?: true }) => {
    const { showPing } = await import('./ping-command.ts');
    show(await showPing(installed(), target, options));
  });

const clusters = program.command('cluster').description('clusters that this host reaches and drives');

clusters
  .command('add')
  .description('attach a cluster: see that it answers, keep its credentials on this host')
  .argument('<kind>', 'kubernetes, swarm, docker, mesos or marathon')
  .argument('<name>', 'its name in the tenant')
  .option('--kubeconfig <file>', 'credentials, as kubectl has them')
  .option('--context <name>', 'context of the kubeconfig; the current one if absent')
  .option('--in-cluster', 'the service account of the pod that this runs in')
  .option(
    '--engine <url...>',
    'swarm: a manager, then other nodes for their CPU; docker: each engine as NODE=URL[@ADDRESS]. unix:///PATH or https://HOST:2376',
  )
  .option('--tls-ca <file>', 'PEM of the authority of the engines, or of Marathon')
  .option('--tls-cert <file>', 'PEM of a client certificate for the engines')
  .option('--tls-key <file>', 'and of its key')
  .option('--master <url>', 'mesos, and beside marathon: http://HOST:5050 of any master')
  .option('--user <name>', 'mesos: whom tasks run as', 'root')
  .option('--mesos-credentials <file>', 'mesos: a file of PRINCIPAL:SECRET')
  .option('--marathon <url>', 'marathon: http://HOST:8080 of any of it')
  .option('--marathon-credentials <file>', 'marathon: a file of USER:PASSWORD')
  .option('--marathon-token <file>', 'marathon: a file with a token of DC/OS')
  .option(
    '--lan <parent=subnet>',
    'docker: pools are on the LAN of this interface of each node, as in eth0=10.0.0.0/24',
  )
  .option('--lan-gateway <address>', 'docker: gateway of that LAN')
  .option('--nodes <address[:port]>', 'docker: nodes join here, at an address of this host on their LAN')
  .option('--etcd-endpoint <url...>', 'look after its etcd too: every member, https://HOST:2379')
  .option('--no-etcd', 'drop what is known of its etcd; it is kept otherwise')
  .option('--etcd-ca <file>', "PEM of etcd's authority")
  .option('--etcd-cert <file>', 'PEM of a client certificate for etcd')
  .option('--etcd-key <file>', 'and of its key')
  .option('--programs <dir>', 'where etcd, etcdutl and kube-apiserver are, for drills; PATH if absent')
  .action(async (kind: string, name: string, options: ClusterOptions) => {
    if (kind === 'swarm' || kind === 'docker')
      return addEngineCluster(kind, name, { ...options, directory: installed().paths.clusters });
    if (kind === 'mesos') return addMesosCluster(name, { ...options, directory: installed().paths.clusters });
    if (kind === 'marathon')
      return addMarathonCluster(name, { ...options, directory: installed().paths.clusters });
    if (kind !== 'kubernetes')
      fail(
        `${kind} clusters can't be attached: give kubernetes, swarm, docker, mesos or marathon.`,
        EXIT.usage,
      );
    if ((options.kubeconfig === undefined) === (options.inCluster !== true))
      fail('Give either --kubeconfig FILE or --in-cluster.', EXIT.usage);
    const { paths, environment } = installed();
    const { addKubernetes } = await import('./clusters.ts');
    const { kubeconfig, context } = options;
    const etcd = etcdOf(options);
    const added = {
      name,
      kubeconfig,
      context,
      etcd,
      directory: paths.clusters,
      environment: environment.all,
    };
    for (const line of await addKubernetes({ ...added, wallNow: () => Date.now() })) console.log(line);
  });

clusters
  .command('list')
  .description('show the clusters of this host')
  .action(async () => {
    const { listClusters } = await import('./clusters.ts');
    for (const line of listClusters(installed().paths.clusters)) console.log(line);
  });

clusters
  .command('remove')
  .description('forget a cluster and its credentials')
  .argument('<name>')
  .action(async (name: string) => {
    const { removeCluster } = await import('./clusters.ts');
    for (const line of removeCluster(installed().paths.clusters, name)) console.log(line);
  });

addJoinCommands(clusters, () => {
  const { paths, config } = installed();
  return { paths, agent: config.agent };
});

const node = program
  .command('node')
  .description('the agent on a node: of a Kubernetes cluster, or beside a plain Docker engine');
addNodeCommands(node, () => pathsUnder(rootDirectory()));

node
  .command('run')
  .description(
    'serve this node, in the foreground until SIGTERM: a Kubernetes node, or with --engine a joined one',
  )
  .option('--engine', 'beside a plain Docker engine, for the edge that was joined')
  .option('--kubeconfig <file>', 'credentials; the service account of the pod that this runs in if absent')
  .option('--name <name>', "the node's name in the cluster; NODE_NAME or the host's name if absent")
  .option('--cni-bin-dir <dir>', 'with --cni-conf-dir: keep the plugin installed there')
  .option('--cni-conf-dir <dir>', 'and its configuration here')
  .action(async (options: NodeRunOptions) => {
    const environment = environmentOf();
    const paths = pathsUnder(environment.root);
    const { runEngineNode, runNode } = await import('./clusters.ts');
    await (options.engine === true ? runEngineNode(paths) : runNode(options, { paths, environment }));
    process.exit(0);
  });

for (const [name, description] of [
  [
    'install-cni',
    'put isthmus-ipam before the own address plugin of this node; again and again changes nothing',
  ],
  ['uninstall-cni', 'give the own address plugin its place back'],
] as const)
  node
    .command(name)
    .description(description)
    .option('--cni-bin-dir <dir>', "of the runtime's plugins", '/opt/cni/bin')
    .option('--cni-conf-dir <dir>', 'of its configurations', '/etc/cni/net.d')
    .action(async ({ cniBinDir, cniConfDir }: { cniBinDir: string; cniConfDir: string }) => {
      const places = { programs: cniBinDir, configurations: cniConfDir };
      const { installNode, uninstallNode } = await import('./clusters.ts');
      const done =
        name === 'install-cni' ? installNode(places, pathsUnder(rootDirectory())) : uninstallNode(places);
      for (const line of done.length === 0 ? ['nothing to do'] : done) console.log(line);
    });

interface NodeRunOptions {
  readonly engine?: true;
  readonly kubeconfig?: string;
  readonly name?: string;
  readonly cniBinDir?: string;
  readonly cniConfDir?: string;
}

function etcdOf({ etcd, etcdEndpoint, etcdCa, etcdCert, etcdKey, programs = '' }: ClusterOptions) {
  if (etcd === false) return 'none' as const;
  if (etcdEndpoint === undefined) return undefined;
  if (etcdCa === undefined || etcdCert === undefined || etcdKey === undefined)
    return fail('With --etcd-endpoint give --etcd-ca, --etcd-cert and --etcd-key as well.', EXIT.usage);
  return { endpoints: etcdEndpoint, authority: etcdCa, certificate: etcdCert, key: etcdKey, programs };
}

program
  .command('teardown')
  .description('take everything of ours out of the kernel; files stay')
  .action(async () => {
    const { config, paths, environment } = installed();
    const { askStatus } = await import('./socket.ts');
    if ((await askStatus(paths.socket)) !== undefined) fail('the agent runs: stop it first', EXIT.running);
    const { openHost } = await import('./host.ts');
    const { tearDown } = await import('./teardown.ts');
    const host = await openHost({ config, paths, environment, now: () => performance.now() });
    const { done, failure } = await tearDown(host, paths);
    for (const line of done) console.log(line);
    if (failure !== undefined) fail(failure, EXIT.failed);
  });

function rootDirectory(): string {
  return environmentOf().root;
}

function environmentOf() {
  return readEnvironment(program.opts<{ root?: string }>().root);
}

function installed() {
  const environment = environmentOf();
  const paths = pathsUnder(environment.root);
  const result = readConfig(paths.config);
  if (result.kind === 'absent')
    fail(
      `This host is not enrolled (${paths.config} is missing): run the installer line that a token's answer shows.`,
      EXIT.usage,
    );
  if (result.kind === 'wrong') fail(result.reason, EXIT.usage);
  return { config: result.config, paths, environment };
}

function show({ text, exitCode }: { readonly text: string; readonly exitCode: number }): void {
  console.log(text);
  process.exitCode = exitCode;
}

function fail(reason: string, code: number): never {
  console.error(reason);
  process.exit(code);
}

await program.parseAsync().catch((cause: unknown) => {
  const isRunning = cause instanceof Error && cause.name === 'AlreadyRunning';
  fail(cause instanceof Error ? cause.message : String(cause), isRunning ? EXIT.running : EXIT.failed);
});
