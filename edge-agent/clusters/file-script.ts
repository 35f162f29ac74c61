/** Files of an app where the orchestrator has none: they travel in the environment, and a shell writes them before the command. Values in, values out. */
import type { AppTemplate } from '../../protocol/app.ts';

/** Of all files together: an environment has its bounds. */
export const FILES_BYTES_MAX = 96 * 1024;

type Files = Pick<AppTemplate, 'files'>;

/** For `sh -c SCRIPT sh WORD...`: writes the files and becomes the words. */
export function scriptOf({ files }: Files): string {
  const lines = files.map(({ path, mode }, index) => {
    const quoted = quote(path);
    return `mkdir -p "$(dirname ${quoted})" && printf %s "$ISTHMUS_FILE_${index}" | base64 -d >${quoted} && chmod ${mode.toString(8)} ${quoted}`;
  });
  return [...lines, 'exec "$@"'].join(' && ');
}

export function fileVariables({ files }: Files): Record<string, string> {
  return Object.fromEntries(
    files.map(({ content }, index) => [
      `ISTHMUS_FILE_${index}`,
      Buffer.from(content, 'utf8').toString('base64'),
    ]),
  );
}

export function bytesOf({ files }: Files): number {
  return files.reduce((sum, { content }) => sum + content.length, 0);
}

/** A word of a shell. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
