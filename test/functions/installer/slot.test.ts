/** The installer on a cloud instance that fills a hub's slot: what more it gets, and what runs first at each boot. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { eachOnItsOwnHost, installer, recorded, run, scratch, stub } from './scratch-host.ts';

eachOnItsOwnHost();

describe('an instance that fills a slot', () => {
  const slotFile = () => join(scratch.host, 'given.json');
  const unit = () => join(scratch.host, 'etc/systemd/system/isthmus-agent.service');

  beforeEach(() => {
    writeFileSync(slotFile(), '{"hub":"hub-a"}');
    for (const name of ['haproxy', 'openssl']) stub(name, ':');
  });

  /** What the agent was asked, in order. */
  function asked(): string[] {
    return recorded()
      .filter((line) => line.startsWith('node ') && line.includes('agent.mjs'))
      .map((line) => line.replace(/^.*agent\.mjs /, '').replaceAll(`${scratch.host}/`, '/'));
  }

  /** The host has a service manager, and the agent answers at once that it runs. */
  function withSystemd(): string {
    mkdirSync(join(scratch.host, 'run/systemd/system'), { recursive: true });
    mkdirSync(join(scratch.host, 'etc/systemd/system'), { recursive: true });
    stub('systemctl', ':');
    stub(
      'node',
      `case $* in *' enrol '*) mkdir -p "$HOST/etc/isthmus" && echo '{}' > "$HOST/etc/isthmus/agent.json" ;; *-p*) echo 24 ;; *-e*) echo running ;; esac`,
    );
    return installer().replaceAll('/run/systemd/system', `${scratch.host}/run/systemd/system`);
  }

  test('gets the cloud part, takes its slot, and then enrols by it', () => {
    const { code, said } = run(installer(), ['--slot', slotFile(), '--no-start']);
    expect([code, said]).toEqual([0, expect.stringContaining('installs version')]);
    expect(readdirSync(join(scratch.host, 'opt/isthmus'))).toContain('cloud.mjs');
    expect(readdirSync(join(scratch.host, 'opt/isthmus'))).not.toContain('clusters.mjs');
    const [slot, enrol, ...more] = asked();
    expect(slot).toBe('slot /etc/isthmus/slot.json');
    expect(enrol).toMatch(/^enrol .* --root-key Um9vdEtleQ== --slot \/etc\/isthmus\/slot\.json$/);
    expect(more).toEqual([]);
    const kept = join(scratch.host, 'etc/isthmus/slot.json');
    expect(readFileSync(kept, 'utf8')).toBe('{"hub":"hub-a"}');
    expect(statSync(kept).mode & 0o777).toBe(0o600);
  });

  test('takes the slot at each boot before the agent runs', () => {
    const { code, said } = run(withSystemd(), ['--slot', slotFile()]);
    expect([code, said]).toEqual([0, expect.stringContaining('the agent runs')]);
    const lines = readFileSync(unit(), 'utf8').replaceAll(`${scratch.host}/`, '/').split('\n');
    const starts = lines.filter((line) => /^(ExecStart|TimeoutStart)/.test(line));
    expect(starts).toEqual([
      'ExecStartPre=/usr/local/bin/edge-agent slot /etc/isthmus/slot.json',
      'TimeoutStartSec=300',
      'ExecStart=/usr/local/bin/edge-agent run',
    ]);
  });

  test('run again, with the flag or without, keeps its identity, and is still a hub with a slot', () => {
    run(withSystemd(), ['--slot', slotFile()]);
    const before = readFileSync(unit(), 'utf8');
    for (const args of [
      [],
      ['--slot', slotFile()],
      ['--slot', join(scratch.host, 'etc/isthmus/slot.json')],
    ]) {
      rmSync(scratch.record);
      expect(run(withSystemd(), args)).toEqual({
        code: 0,
        said: expect.stringContaining('keeps its identity'),
      });
      expect(asked().filter((line) => /^(enrol|slot)/.test(line))).toEqual([]);
      expect(recorded().filter((line) => line.startsWith('curl'))).toEqual([]);
      expect(readFileSync(unit(), 'utf8')).toBe(before);
    }
  });

  test('does not enrol with a slot that it could not take', () => {
    stub('node', "case $* in *' slot '*) exit 1 ;; *-p*) echo 24 ;; esac");
    const { code, said } = run(installer(), ['--slot', slotFile(), '--no-start']);
    expect([code, said]).toEqual([1, expect.stringContaining('the slot could not be taken')]);
    expect(asked().map((line) => line.split(' ')[0])).toEqual(['slot']);
  });

  test('scenario 28: an altered cloud part is refused before anything is installed', () => {
    writeFileSync(join(scratch.host, 'served', 'cloud.mjs'), 'something else');
    const { code, said } = run(installer(), ['--slot', slotFile(), '--no-start']);
    expect([code, said]).toEqual([1, expect.stringContaining('cloud.mjs was refused: its SHA-256')]);
    expect(readdirSync(join(scratch.host, 'opt/isthmus'))).toEqual([]);
  });

  test('no other host gets the cloud part or a first step in its unit', () => {
    run(withSystemd(), ['--token-file', join(scratch.host, 'token')]);
    expect(readdirSync(join(scratch.host, 'opt/isthmus'))).not.toContain('cloud.mjs');
    expect(readFileSync(unit(), 'utf8')).not.toMatch(/ExecStartPre|TimeoutStartSec/);
  });
});
