/** Shows the demo's steps with their times. Colours and rewriting only on a terminal that wants them. */

export interface Screen {
  readonly write: (text: string) => void;
  readonly colours: boolean;
  /** True if a line may be begun now and finished later. */
  readonly live: boolean;
  readonly nowMs: () => number;
}

export interface Progress {
  /** Runs one step; a failure is named after it. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  line(text?: string): void;
  /** Seconds since the beginning. */
  elapsedSeconds(): number;
}

/** A step that failed, with the log that may say why. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
  readonly title: string;
  constructor(title: string, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.title = title;
  }
}

/** NO_COLOR as on no-color.org: any value but the empty one. */
export function openScreen(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Screen {
  // Whoever read our output may have gone; that must not end us before everything is torn down.
  stream.on('error', () => undefined);
  const live = stream.isTTY === true && environment['TERM'] !== 'dumb';
  return {
    write: (text) => void stream.write(text),
    colours: live && (environment['NO_COLOR'] ?? '') === '',
    live,
    nowMs: () => performance.now(),
  };
}

export function paint(text: string, code: 'bold' | 'dim' | 'green' | 'red', colours: boolean): string {
  const codes = { bold: 1, dim: 2, green: 32, red: 31 } as const;
  return colours ? `\x1b[${codes[code]}m${text}\x1b[0m` : text;
}

export function createProgress(screen: Screen): Progress {
  const beganMs = screen.nowMs();
  return {
    step: async (title, work) => {
      const fromMs = screen.nowMs();
      if (screen.live) screen.write(`  ..  ${title}`);
      const show = (mark: string) =>
        screen.write(
          `${screen.live ? '\r' : ''}  ${mark}  ${title}  ${paint(`${seconds(screen.nowMs() - fromMs)} s`, 'dim', screen.colours)}\n`,
        );
      try {
        const result = await work();
        show(paint('ok', 'green', screen.colours));
        return result;
      } catch (error) {
        show(paint('no', 'red', screen.colours));
        throw new StepFailed(title, error);
      }
    },
    line: (text = '') => screen.write(`${text}\n`),
    elapsedSeconds: () => (screen.nowMs() - beganMs) / 1_000,
  };
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1_000).toFixed(1);
}
