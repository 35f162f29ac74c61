/** The real installer on a real (namespaced) host: installs, upgrades in place, and leaves the host as it was. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Host } from '../../local/lab-host.ts';
import { ECHO_HTTP_PORT } from '../../local/lab-topology.ts';
import { Site } from '../../protocol/site.ts';
import { TokenCreated } from '../../protocol/token.ts';
import { type Estate, raiseEstate } from './estate.ts';
import { eventually } from './eventually.ts';

const HOST_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const INSTALL_MS_MAX = 120_000;
const REACH_MS_MAX = 20_000;

const stage: { estate?: Estate } = {};

beforeAll(async () => {
  stage.estate = await raiseEstate({
    name: 'installer',
    sites: [
      { name: 'berlin', lan: '10.0.0.0/24' },
      { name: 'tokyo', lan: '10.0.0.0/24', joined: false },
    ],
  });
});

afterAll(async () => {
  await stage.estate?.destroy();
});

function raised(): { estate: Estate; edge: Host } {
  const { estate } = stage;
  if (estate === undefined) throw new Error('the estate was not raised');
  return { estate, edge: estate.site('tokyo').edge };
}

/** Everything of a host that an installation could leave behind. */
async function snapshot(host: Host) {
  const shell = (text: string) => host.check(['sh', '-c', text]);
  return {
    files: await host.changedFiles(),
    devices: await shell('ls /sys/class/net'),
    addresses: await shell('ip -4 -o addr'),
    routes: await shell('ip -4 route show table all'),
    rules: await shell('ip rule'),
    firewall: await shell('nft list ruleset'),
    settings: await shell('sysctl -a -r "^net.ipv4.(ip_forward|conf.(all|default|eth0).*)" | sort'),
    processes: await shell('ps -eo comm= | grep -vE "^(ps|sh|grep|sleep|sort)$" | sort'),
  };
}

async function install(line: string, host: Host): Promise<string> {
  return host.check(['sh', '-c', line], {
    cwd: '/run',
    env: { PATH: HOST_PATH },
    timeoutMs: INSTALL_MS_MAX,
  });
}

async function token(estate: Estate): Promise<TokenCreated> {
  const spec = { allotment: ['10.0.0.0/24'], prefixes: ['10.0.0.0/24'] };
  await estate.api.create('/v1/tenants/demo/sites', { metadata: { name: 'tokyo' }, spec }, Site);
  return estate.api.create(
    '/v1/tenants/demo/tokens',
    { spec: { site: 'tokyo', approve: true } },
    TokenCreated,
  );
}

async function tokyoAnswersBerlin(estate: Estate): Promise<void> {
  const address = await estate.virtual('tokyo', '10.0.0.10');
  const asker = estate.site('berlin').lanHosts[0]?.host;
  await eventually(async () => {
    const page = await asker?.check(['curl', '-sS', '-m', '2', `http://${address}:${ECHO_HTTP_PORT}/`]);
    expect(page).toMatch(/^hello from tokyo, /);
  }, REACH_MS_MAX);
}

test(
  'one line installs and joins; again, it upgrades and keeps the identity; --uninstall leaves the host as it was',
  async () => {
    const { estate, edge } = raised();
    const before = await snapshot(edge);
    const { secret, install: line } = await token(estate);

    await edge.write('/run/isthmus.token', secret);
    expect(await install(line, edge)).toContain('the agent runs');
    await tokyoAnswersBerlin(estate);

    const identity = await edge.read('/var/lib/isthmus/identity.key');
    const withoutToken = line.replace(/ -s -- .*/, ' -s --');
    expect(await install(withoutToken, edge)).toContain('keeps its identity');
    expect(await edge.read('/var/lib/isthmus/identity.key')).toBe(identity);
    await tokyoAnswersBerlin(estate);

    expect(await install(`${withoutToken} --uninstall`, edge)).toContain('removed everything');
    expect(await snapshot(edge)).toEqual(before);
  },
  INSTALL_MS_MAX * 2,
);

test('a pin of another key fetches no installer', async () => {
  const { estate, edge } = raised();
  const url = `https://${estate.lab.machineAddress}:8443`;
  const wrong = `sha256//${Buffer.alloc(32).toString('base64')}`;
  const fetched = await edge.run(['curl', '-fsSk', '--pinnedpubkey', wrong, `${url}/install.sh`]);
  expect([fetched.code, fetched.stdout]).toEqual([90, '']);
});
