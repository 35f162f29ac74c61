/** Runs the kubectl of this machine with a kubeconfig that is there for that long, for its owner alone. It holds no secret: kubectl asks us for the token. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from './fault.ts';

/** As shells tell of a program that ended by a signal. */
const SIGNALLED = 128;

/** Its exit code. Standard input, output and error are ours. */
export async function runKubectl(
  kubeconfig: string,
  words: readonly string[],
  program = 'kubectl',
): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'isthmus-'));
  try {
    const file = join(directory, 'kubeconfig');
    writeFileSync(file, kubeconfig, { mode: 0o600 });
    return await ended(program, ['--kubeconfig', file, ...words]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function ended(program: string, words: readonly string[]): Promise<number> {
  // Ctrl-C is for what runs: we wait for its end, and clean up then.
  const ignore = () => undefined;
  process.on('SIGINT', ignore);
  return new Promise<number>((resolve, reject) => {
    const child = spawn(program, words, { stdio: 'inherit' });
    child.on('error', (cause) =>
      reject(
        new Fault(
          'failed',
          `${program} can't be run (${cause.message}). Install it: exec and logs go by it.`,
          { cause },
        ),
      ),
    );
    child.on('close', (code, signal) =>
      resolve(code ?? SIGNALLED + (signal === null ? 0 : constants.signals[signal])),
    );
  }).finally(() => process.off('SIGINT', ignore));
}
