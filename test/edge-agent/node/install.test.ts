/** The plugin in the runtime's directories: put there in one step each, and taken back. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { installCni, uninstallCni } from '../../../edge-agent/node/install.ts';
import { Ledger } from '../../../edge-agent/node/ledger.ts';

const directory = mkdtempSync(join(tmpdir(), 'isthmus-cni-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const PATHS = { socket: '/s', held: '/held', gone: '/gone', api: '/api' };
const CONFLIST = {
  cniVersion: '0.3.1',
  name: 'net',
  plugins: [{ type: 'bridge', isGateway: true, ipam: { type: 'host-local', subnet: '10.244.1.0/24' } }],
};

test('is installed once, again where somebody wrote the file anew, and leaves it as it was', () => {
  const places = {
    programs: mkdtempSync(join(directory, 'bin')),
    configurations: mkdtempSync(join(directory, 'net')),
  };
  const file = join(places.configurations, '10-net.conflist');
  expect(() => installCni(places, PATHS)).toThrow('holds no network configuration');
  writeFileSync(file, JSON.stringify(CONFLIST));
  writeFileSync(join(places.configurations, '99-other.conflist'), '{}');
  const shim = join(places.programs, 'isthmus-ipam');
  expect(installCni(places, PATHS)).toEqual([`wrote ${shim}`, `changed ${file}`]);
  expect(statSync(shim).mode & 0o777).toBe(0o755);
  expect(installCni(places, PATHS)).toEqual([]);
  writeFileSync(file, JSON.stringify(CONFLIST));
  expect(installCni(places, PATHS)).toEqual([`changed ${file}`]);
  expect(uninstallCni(places)).toEqual([`changed ${file} back`]);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(CONFLIST);
  expect(readdirSync(places.configurations)).toEqual(['10-net.conflist', '99-other.conflist']);
});

test('directories that are not there are named, with the option that says another', () => {
  const places = { programs: directory, configurations: join(directory, 'nowhere') };
  const said = /nowhere is not there: say by --cni-conf-dir/;
  expect(() => installCni(places, PATHS)).toThrow(said);
  expect(() => uninstallCni(places)).toThrow(said);
  const configurations = mkdtempSync(join(directory, 'net'));
  writeFileSync(join(configurations, '10-net.conflist'), JSON.stringify(CONFLIST));
  expect(() => installCni({ programs: join(directory, 'absent'), configurations }, PATHS)).toThrow(
    /absent is not there: say by --cni-bin-dir/,
  );
});

test('a network that can not have it stays as it is, and nothing is put beside it', () => {
  const places = {
    programs: mkdtempSync(join(directory, 'bin')),
    configurations: mkdtempSync(join(directory, 'net')),
  };
  const text = JSON.stringify({ plugins: [{ type: 'calico', ipam: { type: 'calico-ipam' } }] });
  writeFileSync(join(places.configurations, 'a.conflist'), text);
  expect(() => installCni(places, PATHS)).toThrow(/stays as it is\..*calico/);
  expect(readFileSync(join(places.configurations, 'a.conflist'), 'utf8')).toBe(text);
  expect(readdirSync(places.programs)).toEqual([]);
});

test('the ledger knows of a container until its address was given back', () => {
  const ledger = new Ledger(join(directory, 'ledger'));
  const entry = { address: 7, device: 'cni0', length: 24 };
  ledger.record('c1', entry);
  expect([ledger.entry('c1'), ledger.buried(), ledger.lastLink()]).toEqual([entry, [], entry]);
  ledger.bury('c1');
  ledger.bury('never');
  expect([ledger.entry('c1'), ledger.buried(), ledger.lastLink()]).toEqual([entry, ['c1'], undefined]);
  ledger.forget('c1');
  expect([ledger.entry('c1'), ledger.buried()]).toEqual([undefined, []]);
});
