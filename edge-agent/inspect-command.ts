/** `plan`, `status` and `doctor`: what a person asks of a host, with the agent running or not. They change nothing. */
import { run } from './apply/command.ts';
import { type Evidence, examine, observeForwardDrops, printFindings } from './doctor.ts';
import { Documents } from './documents.ts';
import { openHost } from './host.ts';
import { readLedger } from './ledger.ts';
import { decide } from './loop.ts';
import { observeHost } from './observe/host.ts';
import { describeStep } from './plan/describe.ts';
import { planSteps } from './plan/plan.ts';
import type { Choice } from './plan/state.ts';
import type { Config, Environment, Paths } from './settings.ts';
import { askStatus } from './socket.ts';
import { printStatus, type Status, versionText } from './status.ts';

export interface Installed {
  readonly config: Config;
  readonly paths: Paths;
  readonly environment: Environment;
}

/** What the document in force and the host differ by, in words. */
export async function planInWords(installed: Installed): Promise<string> {
  const { config, paths } = installed;
  const documents = openDocuments(installed);
  const host = await openHost({ ...installed, now: () => performance.now() });
  const { state, facts } = await observeHost(await host.eyes());
  const status = await askStatus(paths.socket);
  const wanted = decide(
    {
      document: () => documents.inForce(),
      fallback: () => documents.fallback(),
      choice: () => choiceOf(status),
      guardRefused: () => undefined,
    },
    facts,
    state.interfaces,
  );
  const steps = wanted.state === undefined ? [] : planSteps(wanted.state, state);
  const version = wanted.version === undefined ? 'no document' : `document ${versionText(wanted.version)}`;
  const findings = wanted.findings.length === 0 ? [] : [printFindings(wanted.findings)];
  const lines = steps.length === 0 ? ['nothing to do'] : steps.map(describeStep);
  return [`${config.agent}, ${version}`, ...findings, ...lines].join('\n');
}

/** What the probes of the running agent have chosen; a plan without it would undo that. */
function choiceOf(status: Status | undefined): Choice {
  const peers = status?.peers ?? [];
  const mtuByHub = Object.fromEntries(
    peers.flatMap(({ name, mtuBytes }) => (mtuBytes === undefined ? [] : [[name, mtuBytes]])),
  );
  const detours = Object.fromEntries(
    peers.flatMap(({ name, via }) => (via === undefined ? [] : [[name, via]])),
  );
  const { activeHub } = status ?? {};
  return { mtuByHub, detours, ...(activeHub === undefined ? {} : { activeHub }) };
}

export interface Shown {
  readonly text: string;
  readonly exitCode: number;
}

export async function showStatus({ config, paths }: Installed, json: boolean): Promise<Shown> {
  const status = await askStatus(paths.socket);
  if (status !== undefined)
    return { text: json ? JSON.stringify(status, null, 2) : printStatus(status), exitCode: 0 };
  const kept = readLedger(paths.ledger).state?.newest?.document.version;
  const onDisk = kept === undefined ? 'no document' : `document ${versionText(kept)}`;
  const text = json
    ? JSON.stringify(
        { running: false, agent: config.agent, role: config.role, document: kept ?? null },
        null,
        2,
      )
    : `${config.agent} (${config.role}) is not running; on disk: ${onDisk}`;
  return { text, exitCode: NOT_RUNNING };
}

const NOT_RUNNING = 3;

export async function showDoctor(installed: Installed, json: boolean): Promise<Shown> {
  const findings = examine(await gatherEvidence(installed));
  const failed = findings.some(({ level }) => level === 'error');
  return {
    text: json ? JSON.stringify(findings, null, 2) : printFindings(findings),
    exitCode: failed ? 1 : 0,
  };
}

async function gatherEvidence(installed: Installed): Promise<Evidence> {
  const status = await askStatus(installed.paths.socket);
  const document = openDocuments(installed).inForce();
  const forwardDrops = await observeForwardDrops(run);
  const isPod = isInPod(installed.environment.all);
  try {
    const host = await openHost({ ...installed, now: () => performance.now() });
    const observation = await observeHost(await host.eyes());
    return { status, observation, document, forwardDrops, isPod };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    return { status, observation: undefined, reason, document, forwardDrops, isPod };
  }
}

/** As every container of a cluster is told. */
function isInPod(environment: Environment['all']): boolean {
  return environment['KUBERNETES_SERVICE_HOST'] !== undefined;
}

export function openDocuments({ config, paths }: Installed): Documents {
  const { agent, role, roots, tuning } = config;
  const { rollbackMs } = tuning;
  return new Documents({ path: paths.ledger, agent, role, roots, rollbackMs, now: () => performance.now() });
}
