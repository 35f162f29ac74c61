/** What a person could change so that the API server has less to do, from who asked what. Each sentence names who, what, and the remedy. */
import { perMinute, type Sums } from './analysis.ts';

const ADVICE_MAX = 20;
const SENTENCE_MAX = 500;
/** Below this many requests in the window nothing is worth a word. */
const REQUESTS_MIN = 10;
const LISTS_A_MINUTE = 6;
const WATCHES_A_MINUTE = 6;
const LARGE_BYTES = 1024 * 1024;
const SHARE = 0.5;

export function adviceOf(sums: readonly Sums[], windowMs: number): string[] {
  return sums
    .filter(({ requests }) => requests >= REQUESTS_MIN)
    .flatMap((one) => rulesFor(one, windowMs))
    .slice(0, ADVICE_MAX)
    .map((sentence) => sentence.slice(0, SENTENCE_MAX));
}

function rulesFor(one: Sums, windowMs: number): string[] {
  const { verb, resource, program, subject } = one.asked;
  const who = `${program} of ${subject}`;
  const often = perMinute(one.requests, windowMs);
  const meanBytes = one.bytes / one.requests;
  const found: string[] = [];
  const isPolling = verb === 'list' && often >= LISTS_A_MINUTE;
  if (isPolling)
    found.push(
      `${who} lists ${resource} every ${seconds(often)}: let it watch instead (an informer, kubectl get -w).`,
    );
  if (isPolling && one.fresh >= one.requests * SHARE)
    found.push(
      `${who} asks for the most recent ${resource} each time: with resourceVersion=0 memory alone would answer it.`,
    );
  if (verb === 'list' && meanBytes >= LARGE_BYTES && one.unlimited >= one.requests * SHARE)
    found.push(
      `${who} lists ${resource} with ${megabytes(meanBytes)} an answer and no limit: let it select by label or namespace, or ask for pages.`,
    );
  if (verb === 'watch' && often >= WATCHES_A_MINUTE)
    found.push(
      `${who} begins a watch of ${resource} every ${seconds(often)}: let it keep one open, and read faster if it is cut for being slow.`,
    );
  if (one.notFound >= Math.max(REQUESTS_MIN, one.requests * SHARE))
    found.push(
      `${who} asks ${one.notFound} times for ${resource} that are not there: let it watch for the object, or stop asking.`,
    );
  else if (one.errors >= Math.max(REQUESTS_MIN, one.requests * SHARE))
    found.push(
      `${who} is refused ${one.errors} times at ${verb} of ${resource}: mend its access or stop it.`,
    );
  return found;
}

function seconds(oftenAMinute: number): string {
  const period = 60 / oftenAMinute;
  return `${period < 10 ? Math.round(period * 10) / 10 : Math.round(period)} s`;
}

function megabytes(bytes: number): string {
  return `${Math.round((bytes / 1024 / 1024) * 10) / 10} MB`;
}
