/**
 * A program for awk that reads a WireGuard daemon's log and counts, a peer, the packets that the daemon dropped because of
 * their source address. It runs beside the daemon, so that packets are counted while the agent is away.
 */
import type { Run } from './command.ts';

/** The file is written at most this often a second, so that a flood costs the daemon nothing. */
const WRITES_PER_SECOND_MAX = 50;

/** Every other line says that time has passed: it brings the file up to date. */
const PROGRAM = `
function save(peer) {
  for (peer in count) print peer, count[peer] > file
  close(file)
  dirty = 0
}
/disallowed source address/ {
  if (match($0, /peer\\([^)]*\\)/)) count[substr($0, RSTART + 5, RLENGTH - 6)]++
  dirty = 1
}
{
  now = systime()
  if (now != second) { second = now; writes = 0 }
  if (dirty && writes < ${WRITES_PER_SECOND_MAX}) { writes++; save() }
}
END { if (dirty) save() }
`;

/** The command line of the counter. mawk must be told not to wait for a full buffer. */
export async function spoofCounter(run: Run, file: string): Promise<{ program: string; args: string[] }> {
  const version = await run('awk', ['-W', 'version']);
  const isMawk = version.kind === 'exited' && version.stdout.startsWith('mawk');
  return { program: 'awk', args: [...(isMawk ? ['-W', 'interactive'] : []), '-v', `file=${file}`, PROGRAM] };
}
