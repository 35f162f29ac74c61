/** Amounts as people read them: three digits and a unit. Units are the same in every language. */

const BYTES = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;
const STEP = 1_000;

export function bytesWords(bytes: number): string {
  return scaled(bytes, BYTES);
}

/** Of memory, told in MiB. */
export function memoryWords(mebibytes: number): string {
  return mebibytes < 1_024 ? `${mebibytes} MiB` : `${digits(mebibytes / 1_024)} GiB`;
}

/** Of processors, told in thousandths. */
export function cpuWords(millis: number): string {
  return millis < STEP ? `${millis} m` : digits(millis / STEP);
}

/** Of a while, told in milliseconds. */
export function secondsWords(milliseconds: number): string {
  return milliseconds < STEP ? `${milliseconds} ms` : `${digits(milliseconds / STEP)} s`;
}

export function countWords(count: number): string {
  return scaled(count, ['', 'k', 'M', 'G', 'T']).trim();
}

export function percentWords(percent: number): string {
  return `${digits(percent)} %`;
}

interface Room {
  readonly cpuMillis: number;
  readonly memoryMib: number;
  readonly pods: number;
}

/** What is taken of processors, memory and pods, in percent of what there is; nothing of nothing. */
export function takenOf(taken: Room, all: Room): number[] {
  const share = (of: keyof Room) => (all[of] === 0 ? 0 : (taken[of] * 100) / all[of]);
  return [share('cpuMillis'), share('memoryMib'), share('pods')];
}

function scaled(amount: number, units: readonly string[]): string {
  let value = amount;
  let unit = 0;
  while (Number(digits(value)) >= STEP && unit < units.length - 1) {
    value /= STEP;
    unit += 1;
  }
  return `${digits(value)} ${units[unit] ?? ''}`;
}

/** Two places below ten, one below a hundred, none where they say nothing. */
function digits(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return String(Number(value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)));
}
