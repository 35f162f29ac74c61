/**
 * One rehearsal of recovery: the newest snapshot is restored into a throw-away etcd and a throw-away API server, and objects are read back. Both run in a network of
 * their own that leads nowhere, so that nothing of the live cluster can be reached, whatever stands in the snapshot; and they end with the script.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { type Backup, type Drill, DrillStep } from '../../protocol/backup.ts';
import type { Run } from '../apply/command.ts';
import type { SnapshotStore } from './stores.ts';

const DRILL_MS_MAX = 300_000;
const DETAIL_MAX = 500;

export interface DrillOptions {
  readonly backup: Backup;
  readonly store: SnapshotStore;
  /** Made, used and removed. */
  readonly scratch: string;
  /** Of etcd, etcdutl and kube-apiserver; empty: found by PATH. */
  readonly programs: string;
  /** Hash of the live keys at the snapshot's revision, if it was known when it was taken. */
  readonly expectedHash: string | undefined;
  readonly run: Run;
  readonly now: () => number;
  readonly wallNow: () => number;
}

/** Never rejects: a drill that can't be done has failed, and says why. */
export async function runDrill(options: DrillOptions): Promise<Drill> {
  const { backup, scratch, wallNow } = options;
  const begunMs = wallNow();
  const facts = {
    at: new Date(begunMs).toISOString(),
    backup: backup.name,
    snapshotAgeMs: begunMs - Date.parse(backup.takenAt),
  };
  try {
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    return { ...facts, ...(await rehearse(options)) };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    return { ...facts, outcome: 'failed', detail: detail.slice(0, DETAIL_MAX) };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const Outcome = z.looseObject({
  revision: z.coerce.number(),
  keys: z.coerce.number(),
  hash: z.coerce.string(),
  namespaces: z.coerce.number(),
  objects: z.coerce.number(),
  steps: z.array(DrillStep),
});

async function rehearse(options: DrillOptions): Promise<Omit<Drill, 'at' | 'backup' | 'snapshotAgeMs'>> {
  const { backup, store, scratch, programs, run, now, expectedHash } = options;
  const file = join(scratch, 'snapshot.db');
  const fetchedFromMs = now();
  await store.get(backup.name, file);
  await verify(file, backup);
  const begunMs = now();
  const fetched = { name: 'fetch' as const, tookMs: Math.round(begunMs - fetchedFromMs) };
  const words = [
    '--net',
    '--pid',
    '--mount-proc',
    '--fork',
    '--kill-child',
    'sh',
    '-c',
    SCRIPT,
    'drill',
    scratch,
    programs,
    String(backup.revision),
  ];
  const result = await run('unshare', words, { timeoutMs: DRILL_MS_MAX });
  const recoveryMs = Math.round(now() - begunMs);
  if (result.kind === 'not_run') throw new Error(`The drill could not be run to its end: ${result.message}`);
  if (result.code !== 0) throw new Error(lastLine(result.stderr) || `The drill ended with ${result.code}.`);
  const read = Outcome.parse(JSON.parse(lastLine(result.stdout)));
  if (read.revision < backup.revision)
    throw new Error(
      `The restored store is at revision ${read.revision}, the snapshot was taken at ${backup.revision}.`,
    );
  if (expectedHash !== undefined && read.hash !== expectedHash)
    throw new Error(
      `The restored keys have the hash ${read.hash}, the live ones had ${expectedHash} at the same revision.`,
    );
  if (read.namespaces < 1) throw new Error('The restored API server knows no namespace.');
  return {
    outcome: 'passed',
    detail: `${read.keys} keys and ${read.objects} objects were read back${expectedHash === undefined ? '' : ', and the hash of all keys is the same'}.`,
    revision: read.revision,
    keys: read.keys,
    hash: read.hash,
    objectsRead: read.objects,
    recoveryMs,
    steps: [fetched, ...read.steps],
  };
}

async function verify(file: string, { bytes, sha256, name }: Backup): Promise<void> {
  const hash = createHash('sha256');
  let seen = 0;
  await pipeline(createReadStream(file), async (chunks) => {
    for await (const chunk of chunks) {
      hash.update(chunk);
      seen += Buffer.from(chunk).length;
    }
  });
  if (seen !== bytes || hash.digest('hex') !== sha256)
    throw new Error(
      `${name} is not what was written: ${seen} of ${bytes} bytes, and another checksum. It can't be restored.`,
    );
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}

/** Arguments: directory, directory of the programs, revision. The last line of a good run is JSON; of a bad one, on standard error, a sentence. */
const SCRIPT = `
set -eu
directory=$1 revision=$3
[ -z "$2" ] || PATH=$2:$PATH
for program in etcd etcdutl kube-apiserver curl openssl ip; do
  command -v $program >/dev/null || { echo "$program is missing at the edge: install it, or say where it is (edge-agent cluster add --programs)." >&2; exit 3; }
done
ip link set lo up
steps='' begun=$(date +%s%3N)
did() { ended=$(date +%s%3N); steps="$steps\${steps:+,}{\\"name\\":\\"$1\\",\\"tookMs\\":$((ended > begun ? ended - begun : 0))}"; begun=$ended; }
say() { echo "$1" >&2; tail -n 3 "$directory/$2" 2>/dev/null | cut -c1-300 >&2 || :; echo "$1" >&2; exit 4; }
etcdutl snapshot restore "$directory/snapshot.db" --data-dir "$directory/etcd" >"$directory/restore.log" 2>&1 || say 'etcdutl does not take the snapshot.' restore.log
did restore
etcd --data-dir "$directory/etcd" --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380 --log-level warn >"$directory/etcd.log" 2>&1 &
tries=0
until curl -sf -m 2 http://127.0.0.1:2379/readyz >/dev/null; do tries=$((tries + 1)); [ $tries -lt 300 ] || say 'The restored etcd does not become ready.' etcd.log; sleep 0.1; done
did etcd
post() { curl -sf -m 30 -d "$2" "http://127.0.0.1:2379$1"; }
field() { sed -n "s/.*\\"$1\\": *\\"\\{0,1\\}\\([0-9]*\\).*/\\1/p"; }
range=$(post /v3/kv/range '{"key":"AA==","range_end":"AA==","count_only":true}') || say 'The restored etcd does not answer.' etcd.log
hash=$(post /v3/maintenance/hashkv "{\\"revision\\":\\"$revision\\"}" | field hash) || hash=
# Nobody else is in this network, so the word need not be a secret.
echo 'drill,drill,drill,system:masters' >"$directory/tokens"
openssl genrsa -out "$directory/sa.key" 2048 2>/dev/null
kube-apiserver --etcd-servers=http://127.0.0.1:2379 --bind-address=127.0.0.1 --secure-port=6443 --advertise-address=127.0.0.1 --endpoint-reconciler-type=none --cert-dir="$directory/certificates" \\
  --authorization-mode=RBAC --token-auth-file="$directory/tokens" --disable-admission-plugins=MutatingAdmissionWebhook,ValidatingAdmissionWebhook --service-cluster-ip-range=10.96.0.0/16 \\
  --service-account-issuer=https://drill.invalid --service-account-key-file="$directory/sa.key" --service-account-signing-key-file="$directory/sa.key" >"$directory/apiserver.log" 2>&1 &
tries=0
until curl -skf -m 2 -H 'Authorization: Bearer drill' https://127.0.0.1:6443/readyz >/dev/null; do tries=$((tries + 1)); [ $tries -lt 600 ] || say 'The throw-away API server does not become ready.' apiserver.log; sleep 0.1; done
did api_server
count() { curl -skf -m 30 -H 'Authorization: Bearer drill' -H 'Accept: application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1' "https://127.0.0.1:6443$1?limit=500" | grep -o '"uid"' | wc -l; }
namespaces=$(count /api/v1/namespaces)
objects=$namespaces
for path in /api/v1/secrets /api/v1/configmaps /apis/apps/v1/deployments /apis/rbac.authorization.k8s.io/v1/clusterroles; do objects=$((objects + $(count $path))); done
did read_back
printf '{"revision":"%s","keys":"%s","hash":"%s","namespaces":"%s","objects":"%s","steps":[%s]}\\n' "$(echo "$range" | field revision)" "$(echo "$range" | field count)" "$hash" "$namespaces" "$objects" "$steps"
`;
