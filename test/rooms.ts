/**
 * The table of rooms: what lives where and what it may import. `test/tidy.test.ts` holds the tree to it,
 * `docs/architecture.md` explains it. A longer path wins over a shorter one.
 */

export interface Room {
  /** Rooms (or single files) of ours that it may import from, itself aside. `*` is everything. */
  readonly rooms: readonly string[];
  /** Packages that it may import; a `node:` prefix alone stands for all of Node. `*` is everything. */
  readonly packages: readonly string[];
  /** No clock, no chance, no async, no Node, no DOM: values in, values out. */
  readonly pure?: true;
}

export const ROOMS: Readonly<Record<string, Room>> = {
  protocol: { rooms: [], packages: ['zod'], pure: true },
  build: { rooms: [], packages: ['node:', 'esbuild'] },
  'vpc/plan': { rooms: ['protocol', 'vpc/port.ts'], packages: [], pure: true },
  vpc: {
    rooms: ['protocol', 'vpc/'],
    packages: [
      'node:',
      '@aws-sdk/client-ec2',
      '@aws-sdk/client-dynamodb',
      '@aws-sdk/client-servicediscovery',
    ],
  },
  'functions/domain': { rooms: ['protocol', 'functions/placement'], packages: [], pure: true },
  'functions/scaling': { rooms: ['protocol'], packages: [], pure: true },
  'functions/placement': { rooms: ['protocol'], packages: [], pure: true },
  'functions/store': {
    rooms: ['protocol'],
    packages: ['dynamodb-toolbox', '@aws-sdk/', 'node:', 'zod'],
  },
  'functions/reconcile': {
    rooms: [
      'protocol',
      'functions/domain',
      'functions/placement',
      'functions/scaling',
      'functions/store/port.ts',
      'functions/store/keys.ts',
      'vpc/',
    ],
    packages: ['node:crypto'],
  },
  'functions/api': {
    rooms: [
      'protocol',
      'functions/domain',
      'functions/oidc',
      'functions/reconcile',
      'functions/scaling',
      'functions/store/port.ts',
      'vpc/port.ts',
    ],
    packages: ['hono', '@hono/zod-openapi', 'zod', 'node:crypto'],
  },
  'functions/oidc': { rooms: ['protocol', 'functions/domain'], packages: ['jose', 'zod'] },
  'functions/installer': { rooms: ['protocol'], packages: ['node:', 'hono'] },
  'functions/aws': {
    rooms: ['protocol', 'functions/', 'vpc/'],
    packages: ['node:', '@aws-sdk/', 'aws-lambda', 'hono', 'zod'],
  },
  functions: {
    rooms: ['protocol', 'functions/', 'vpc/', 'build'],
    packages: ['aws-lambda', 'esbuild', 'node:'],
  },
  'edge-agent': {
    rooms: ['protocol', 'edge-agent/', 'build/bundling.ts'],
    packages: ['node:', 'commander', 'zod', 'esbuild'],
  },
  'edge-agent/plan': { rooms: ['protocol'], packages: [], pure: true },
  'edge-agent/observe': {
    rooms: ['protocol', 'edge-agent/plan', 'edge-agent/apply/command.ts', 'edge-agent/apply/wireguard.ts'],
    packages: ['node:', 'zod'],
  },
  'edge-agent/apply': { rooms: ['protocol', 'edge-agent/plan'], packages: ['node:', 'zod'] },
  'edge-agent/gateway': { rooms: ['protocol', 'edge-agent/plan'], packages: ['node:', 'zod'] },
  'edge-agent/link': { rooms: ['protocol'], packages: ['node:', 'zod'] },
  'edge-agent/cloud': {
    rooms: ['protocol', 'edge-agent/plan', 'edge-agent/apply/command.ts', 'edge-agent/poll.ts', 'vpc/'],
    packages: ['node:', '@aws-sdk/', '@smithy/', 'zod'],
  },
  'edge-agent/names': { rooms: ['protocol'], packages: ['node:', 'dns-packet'] },
  'edge-agent/probe': { rooms: ['protocol', 'edge-agent/plan', 'edge-agent/poll.ts'], packages: ['node:'] },
  'edge-agent/kube': { rooms: ['protocol'], packages: ['node:', 'zod', 'yaml'] },
  'edge-agent/engine': { rooms: ['protocol'], packages: ['node:', 'zod'] },
  'edge-agent/mesos': { rooms: ['protocol', 'edge-agent/link/durable.ts'], packages: ['node:', 'zod'] },
  'edge-agent/marathon': { rooms: ['protocol'], packages: ['node:', 'zod'] },
  'edge-agent/clusters': {
    rooms: [
      'protocol',
      'edge-agent/kube',
      'edge-agent/engine',
      'edge-agent/mesos',
      'edge-agent/marathon',
      'edge-agent/usage',
    ],
    packages: ['node:', 'zod', 'yaml'],
  },
  'edge-agent/usage': { rooms: ['protocol'], packages: [], pure: true },
  // The driver's own marks and readings of objects: what passes is what it writes.
  'edge-agent/door': {
    rooms: [
      'protocol',
      'edge-agent/engine',
      'edge-agent/clusters/docker-marks.ts',
      'edge-agent/clusters/docker-objects.ts',
      'edge-agent/link/durable.ts',
      'edge-agent/poll.ts',
    ],
    packages: ['node:', 'zod'],
  },
  'edge-agent/relief': { rooms: ['protocol'], packages: ['zod'], pure: true },
  'edge-agent/cache': {
    rooms: ['protocol', 'edge-agent/kube', 'edge-agent/relief'],
    packages: ['node:', 'zod'],
  },
  'edge-agent/proxy': {
    rooms: ['protocol', 'edge-agent/kube', 'edge-agent/cache/port.ts', 'edge-agent/apply/command.ts'],
    packages: ['node:', 'zod', 'jose'],
  },
  'edge-agent/etcd': {
    rooms: ['protocol', 'edge-agent/kube', 'edge-agent/apply/command.ts'],
    packages: ['node:', 'zod', '@aws-sdk/client-s3'],
  },
  'edge-agent/controllers': { rooms: ['protocol', 'edge-agent/kube'], packages: ['node:', 'zod'] },
  'edge-agent/worker': { rooms: ['protocol', 'edge-agent/'], packages: ['node:', 'zod'] },
  'edge-agent/node': {
    rooms: [
      'protocol',
      'edge-agent/kube',
      'edge-agent/apply/command.ts',
      'edge-agent/controllers/mirror.ts',
      'edge-agent/poll.ts',
      'edge-agent/serial.ts',
    ],
    packages: ['node:', 'zod'],
  },
  // Made of the API's document; the console and the command line stand on it.
  client: { rooms: [], packages: ['openapi-fetch'] },
  'console/view': { rooms: ['protocol'], packages: [], pure: true },
  // What differs in a manifest is told as `isthmus diff` tells it.
  console: {
    rooms: ['protocol', 'client', 'console/', 'build', 'cli/resource/difference.ts'],
    packages: [
      'node:',
      'esbuild',
      'react',
      'react-dom',
      'react-aria-components',
      '@tanstack/react-query',
      'oauth4webapi',
      '@xterm/',
      'uplot',
      'yaml',
      'zod',
    ],
  },
  'cli/import': { rooms: ['protocol'], packages: ['zod', 'yaml'], pure: true },
  'cli/resource': {
    rooms: ['protocol', 'cli/address.ts', 'cli/fault.ts', 'cli/health.ts', 'cli/table.ts'],
    packages: ['zod', 'yaml'],
    pure: true,
  },
  'cli/diagnosis': {
    rooms: ['protocol', 'cli/resource', 'cli/table.ts', 'cli/fault.ts'],
    packages: ['zod'],
    pure: true,
  },
  cli: {
    rooms: ['protocol', 'client', 'cli/', 'build/bundling.ts'],
    packages: ['node:', 'commander', 'zod', 'yaml', 'esbuild', 'openid-client'],
  },
  infra: {
    rooms: [
      'protocol',
      'infra/',
      'build',
      'functions/aws/environment.ts',
      'functions/bundle.ts',
      'console/headers.ts',
      'console/addresses.ts',
    ],
    packages: ['aws-cdk-lib', 'constructs', 'cdk-nag', 'aws-cdk', '@aws-sdk/', 'node:', 'esbuild', 'zod'],
  },
  // The demo shows the Kubernetes that the tests run.
  local: {
    rooms: [
      'protocol',
      'functions/',
      'build',
      'local',
      'console/headers.ts',
      'console/addresses.ts',
      'test/fixtures/kube/cluster.ts',
    ],
    packages: ['*'],
  },
  test: { rooms: ['*'], packages: ['*'] },
  bench: { rooms: ['*'], packages: ['*'] },
};

/** Files at the top level that belong to no room. */
export const TOP_FILES: readonly string[] = ['vitest.config.ts'];

/** Made by a program from what is in the tree: nobody reads them, and their length says nothing. */
export const GENERATED_FILES: readonly string[] = ['client/paths.ts'];

/** Names that say nothing about what is inside. */
export const EMPTY_NAMES = /^(utils?|helpers?|common|shared|lib|misc|core)$/;

export const FILE_LINES_MAX = 300;
export const FUNCTION_LINES_MAX = 60;
export const PARAMETERS_MAX = 3;
export const ENTRY_LINES_MAX = 40;
