/** The demo as a user runs it, and that it leaves nothing behind. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { execute, start } from '../../local/command.ts';

const DEMO = new URL('../../local/demo.ts', import.meta.url).pathname;
const DEMO_MS_MAX = 110_000;

const POLL_MS = 250;

/** Whoever the demo starts inherits this variable, directly or not. */
function marked(mark: string): string[] {
  return processes().filter((pid) => (textOf(`/proc/${pid}/environ`) ?? '').includes(mark));
}

function processes(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
}

function namespacesOf(pid: string): string[] {
  return ['net', 'mnt', 'pid'].flatMap((kind) => {
    try {
      return [readlinkSync(`/proc/${pid}/ns/${kind}`)];
    } catch {
      return [];
    }
  });
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

test(
  'demo --once proves all three requests, ends with 0 and leaves no process, namespace, interface or lock behind',
  async () => {
    const mark = `MARK_OF_THIS_TEST=${process.pid}-${Date.now()}`;
    const [name = '', value = ''] = mark.split('=');
    const own = new Set(namespacesOf('self'));
    const demo = start([process.execPath, DEMO, '--once'], { env: { [name]: value } });
    const seen = new Set<string>();
    const watch = setInterval(() => {
      for (const pid of marked(mark)) for (const one of namespacesOf(pid)) if (!own.has(one)) seen.add(one);
    }, POLL_MS);
    const code = await demo.exited;
    clearInterval(watch);
    expect(demo.output()).toContain('Tears down ... every process, namespace and interface is gone.');
    expect(demo.output().match(/hello from tokyo, you are/g)).toHaveLength(3);
    expect(demo.output()).not.toContain('\x1b');
    expect(code).toBe(0);
    expect(seen.size).toBeGreaterThan(10);
    expect(marked(mark)).toEqual([]);
    expect(
      processes()
        .flatMap(namespacesOf)
        .filter((one) => seen.has(one)),
    ).toEqual([]);
    expect(readdirSync('/sys/class/net').filter((link) => link.endsWith(`-${demo.pid}`))).toEqual([]);
    expect(
      readdirSync('/run/isthmus-lab').filter((file) =>
        textOf(`/run/isthmus-lab/${file}`)?.includes(`"pid":${demo.pid},`),
      ),
    ).toEqual([]);
  },
  DEMO_MS_MAX,
);

test('an unknown flag is refused before anything is raised', async () => {
  const { code, stderr } = await execute([process.execPath, DEMO, '--forever']);
  expect([code, stderr.split('\n')[0]]).toEqual([1, 'There is no flag --forever.']);
});
