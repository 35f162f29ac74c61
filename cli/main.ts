#!/usr/bin/env node
/**
 * `isthmus`, for people and scripts: a thin client of the API. It computes nothing that the API could say. Exit codes are those of `fault.ts`.
 */
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { homedir, release } from 'node:os';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import type { Cluster } from '../protocol/cluster.ts';
import { RELEASE } from '../protocol/version.ts';
import { addAccessCommands } from './access-commands.ts';
import { type Api, openApi } from './api.ts';
import type { RightOptions } from './can-i.ts';
import { addContainerCommands } from './container-commands.ts';
import { addDiagnosisCommands } from './diagnosis-commands.ts';
import { EXIT, Fault } from './fault.ts';
import { manifestFiles } from './manifest-files.ts';
import { addPeopleCommands } from './people-commands.ts';
import { type Profile, readFile, readProfile, type Settings, writeNewFile } from './profile.ts';
import { addResourceCommands } from './resource-commands.ts';
import { bearerOf, readSession } from './session.ts';
import { addViewCommands } from './view-commands.ts';
import type { World } from './world.ts';

const settings: Settings = { environment: process.env, home: homedir() };

const program = new Command('isthmus')
  .description('Isthmus: data centers and a public cloud, run as one.')
  .version(RELEASE)
  .option('--tenant <name>', 'instead of the one of the profile')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : EXIT.usage));

program
  .command('kubeconfig')
  .description('an entry for kubectl; it holds no secret')
  .argument('<cluster>')
  .option('--merge', 'into $KUBECONFIG or ~/.kube/config, and make it the current context')
  .option('--output <file>', 'into a file of its own')
  .action(async (name: string, options: { merge?: boolean; output?: string }) => {
    const { readCluster } = await import('./clusters.ts');
    const { kubeconfigOf, kubeconfigText, mergedKubeconfig } = await import('./kubeconfig.ts');
    const api = openProfile(profile());
    const added = kubeconfigOf(await readCluster(api, name), await api.tenant(), ourselves());
    if (options.merge !== true && options.output === undefined)
      return console.log(kubeconfigText(added).trimEnd());
    const path = options.output ?? kubeconfigPath();
    const text =
      options.merge === true && existsSync(path)
        ? mergedKubeconfig(readFile(path), added)
        : kubeconfigText(added);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o600 });
    console.log(`written to ${path}; try: kubectl --kubeconfig ${path} get nodes`);
  });

program
  .command('credential')
  .description('a token for a cluster, as kubectl asks for it')
  .argument('<cluster>')
  .option('--tenant <name>')
  .action(async (cluster: string, options: { tenant?: string }) => {
    const { credentialFor, execCredential } = await import('./credential.ts');
    const own = profile();
    const api = openProfile(own);
    const tenant = options.tenant ?? (await api.tenant());
    const session = readSession(settings)?.id;
    const credential = await credentialFor(
      { api, profile: own, settings, session },
      { cluster, tenant, nowMs: Date.now() },
    );
    console.log(JSON.stringify(execCredential(credential)));
  });

for (const [command, verb, words] of [
  ['promote', 'promotion', 'let a release that comes by stages go on without waiting longer'],
  ['abort', 'abort', 'take a release that comes by stages back'],
] as const)
  program
    .command(command)
    .description(words)
    .argument('<app>')
    .option('--stage <name>', 'only if this is the stage, as isthmus apps NAME names it')
    .action(async (name: string, { stage }: { stage?: string }) => {
      const { movedText, moveApp } = await import('./apps.ts');
      console.log(movedText(await moveApp(openProfile(profile()), name, { verb, stage })));
    });

program
  .command('import')
  .description('make manifests of a Compose file, of Marathon apps, or of Kubernetes objects')
  .argument('<file...>')
  .option('--from <system>', 'compose, marathon or kubernetes, if the content does not tell')
  .option('--output <directory>', 'a file for each app in it; else all of them to standard output')
  .action(async (files: string[], options: { from?: string; output?: string }) => {
    const { importFiles, manifestsText, writeManifests } = await import('./import-files.ts');
    const { manifests, notes } = importFiles(files, options.from);
    for (const note of notes) console.error(note);
    if (options.output === undefined) return console.log(manifestsText(manifests));
    for (const path of writeManifests(options.output, manifests)) console.log(path);
  });

program
  .command('schema')
  .description('the JSON Schema of manifests, for editors')
  .action(async () => {
    const { manifestSchema } = await import('./manifest-schema.ts');
    console.log(JSON.stringify(manifestSchema(), undefined, 2));
  });

program
  .command('can-i')
  .description('whether you may do something, and why; ends with 0 for yes and 1 for no')
  .argument('<verb>', 'read, write or administer')
  .argument('<kind>', 'such as app or site')
  .option('--name <name>', 'of one thing; else of all of the kind')
  .option('--site <name>', 'of what stands at a site')
  .option('--deployment', 'what is of no tenant, such as hubs')
  .action(async (verb: string, kind: string, options: RightOptions) => {
    const { askRight } = await import('./can-i.ts');
    const { allowed, reason } = await askRight(openProfile(profile()), { verb, kind, ...options });
    console.log(`${allowed ? 'yes' : 'no'}: ${reason}`);
    process.exitCode = allowed ? 0 : EXIT.failed;
  });

const world: World = {
  open: () => openProfile(profile()),
  print: (text) => console.log(text),
  say: (text) => console.error(text),
  progress: (text) => {
    if (process.stderr.isTTY === true) process.stderr.write(`\r\u001b[K${text}`);
  },
  nowMs: () => Date.now(),
  read: (file) => (file === '-' ? readFileSync(0, 'utf8') : readFile(file)),
  filesIn: manifestFiles,
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  reach: async () => (await import('./reach.ts')).reachOf(profile()),
  write: writeNewFile,
  kubectl,
  platform: { node: process.version, system: `${process.platform} ${process.arch}`, kernel: release() },
};
addViewCommands(program, world);
addResourceCommands(program, world);
addPeopleCommands(program, world);
addAccessCommands(program, world, settings);
addDiagnosisCommands(program, world);
addContainerCommands(program, world);

function openProfile(own: Profile): Api {
  const keep = { settings, nowMs: world.nowMs, wait: world.wait };
  return openApi(own, () =>
    bearerOf(keep, own, async (session) => (await import('./sign-in.ts')).renewSession(session, world.nowMs)),
  );
}

async function kubectl(cluster: Cluster, words: readonly string[]): Promise<number> {
  const { kubeconfigOf, kubeconfigText } = await import('./kubeconfig.ts');
  const { runKubectl } = await import('./kubectl.ts');
  const config = kubeconfigOf(cluster, await world.open().tenant(), ourselves());
  return runKubectl(kubeconfigText(config), words);
}

function profile(): Profile {
  const { tenant } = program.opts<{ tenant?: string }>();
  return { ...readProfile(settings), ...(tenant === undefined ? {} : { tenant }) };
}

/** How kubectl is to call us: by the name that we were called by, or by Node and our file. */
function ourselves(): { command: string; arguments: string[] } {
  const script = realpathSync(process.argv[1] ?? '');
  return /\.(m?js|ts)$/.test(script)
    ? { command: process.execPath, arguments: [script] }
    : { command: script, arguments: [] };
}

function kubeconfigPath(): string {
  return settings.environment['KUBECONFIG']?.split(':')[0] || join(settings.home, '.kube', 'config');
}

await program.parseAsync().catch((cause: unknown) => {
  console.error(cause instanceof Error ? cause.message : String(cause));
  process.exit(cause instanceof Fault ? EXIT[cause.kind] : EXIT.failed);
});
