/** The control plane's command: reads the settings, starts it, says what to do next, and ends on a signal. */
import { readFileSync } from 'node:fs';
import { type ControlPlane, makeAdminKey, startControlPlane, textOf } from './control-plane.ts';
import { readSettings, type Settings } from './settings.ts';
import { StartRefused } from './state.ts';

const DEFAULT_STATE = '/var/lib/isthmus-control-plane';

const log = (line: string) => console.error(`${new Date().toISOString()} ${line}`);
const options = { log, environment: process.env };

async function main(): Promise<number | undefined> {
  const read = readSettings({
    args: process.argv.slice(2),
    environment: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
    defaultState: DEFAULT_STATE,
  });
  if (read.kind === 'help') {
    console.log(read.text);
    return 0;
  }
  if (read.kind === 'refused') {
    console.error(read.message);
    return 1;
  }
  if (read.newAdminKey) {
    console.log(
      `New admin key, shown this once; the old one has ended:\n\n  ${await makeAdminKey(read.settings)}\n`,
    );
    return 0;
  }
  const controlPlane = await startControlPlane(read.settings, options);
  console.log(welcome(controlPlane, read.settings));
  endOnSignal(controlPlane);
  return undefined;
}

function welcome(controlPlane: ControlPlane, settings: Settings): string {
  const { url, adminKey, authorityFile } = controlPlane;
  const base = controlPlane.listening[0] ?? url;
  const trust = authorityFile === undefined ? '' : ` --cacert ${authorityFile}`;
  const call = `curl -sS${trust} -H "Authorization: Bearer $ISTHMUS_KEY" -H 'content-type: application/json'`;
  const lines = [
    `The control plane runs at ${controlPlane.listening.join(' and ')}`,
    `  console             ${base}/ (sign in with an API key)`,
    `  agents reach it at  ${url}${isLoopback(url) ? ' (this machine alone can; for other hosts: --listen 0.0.0.0:8443 --name NAME)' : ''}`,
    `  state               ${settings.state}`,
    `  certificate         ${authorityFile === undefined ? settings['tls-cert'] : `of its own authority, ${authorityFile}`}`,
    ...(adminKey === undefined
      ? [
          '  admin key           shown at the first start (lost? stop this, and run: npm start -- --new-admin-key)',
        ]
      : ['', 'The first admin key, shown this once:', '', `  export ISTHMUS_KEY='${adminKey}'`]),
    '',
    'Next:',
    `  api() { ${call} "$@"; }; URL=${base}/v1`,
    `  1. a hub:     api $URL/hubs -d '{"metadata":{"name":"hub1"},"spec":{"endpoint":"PUBLIC-ADDRESS:51820"}}'`,
    '     its token: api $URL/hubs/hub1/tokens -d \'{"spec":{}}\'',
    `  2. a tenant:  api $URL/tenants -d '{"metadata":{"name":"demo"},"spec":{}}'`,
    `  3. a site:    api $URL/tenants/demo/sites -d '{"metadata":{"name":"berlin"},"spec":{"allotment":["10.0.0.0/24"],"prefixes":["10.0.0.0/24"]}}'`,
    `     its token: api $URL/tenants/demo/tokens -d '{"spec":{"site":"berlin","approve":true}}'`,
    "     Put a token's `secret` into a file isthmus.token on the hub or the host, and run the `install` of its answer there.",
    '     docs/installing.md has the whole way.',
  ];
  return lines.join('\n');
}

function isLoopback(url: string): boolean {
  return /^https:\/\/(localhost|127\.|\[::1\])/.test(url);
}

function endOnSignal(controlPlane: ControlPlane): void {
  const end = (signal: string) => {
    log(`ends on ${signal}`);
    controlPlane.close().then(
      () => process.exit(0),
      (error: unknown) => {
        log(textOf(error));
        process.exit(1);
      },
    );
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}

try {
  const code = await main();
  if (code !== undefined) process.exitCode = code;
} catch (error) {
  console.error(error instanceof StartRefused ? error.message : textOf(error));
  process.exit(1);
}
