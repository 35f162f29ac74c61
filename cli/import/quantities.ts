/** Durations, sizes, command lines and variables as other systems write them. Undefined for what can't be read. Values in, values out. */
import { z } from 'zod';

/** Where a text stands, people write numbers and booleans too. */
export const Scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String);

const MIB = 1_048_576;
const SECONDS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3_600, d: 86_400 };
const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** `1m30s`, or a number of seconds. */
export const Seconds = z.union([z.string(), z.number()]).transform((text, context) => {
  const parts = [...String(text).matchAll(/([0-9.]+)(us|ms|s|m|h|d)?/g)];
  const isWhole = parts.map(([part]) => part).join('') === String(text) && parts.length > 0;
  const total = parts.reduce(
    (sum, [, number, unit]) => sum + Number(number) * (SECONDS[unit ?? 's'] ?? 1),
    0,
  );
  if (isWhole && Number.isFinite(total)) return Math.ceil(total);
  context.addIssue({ code: 'custom', message: 'no duration such as 1m30s' });
  return z.NEVER;
});

/** Docker's sizes: `512m`, `1g`, `1.5gb`, bytes; all binary. */
export const DockerMib = z.union([z.string(), z.number()]).transform((text, context) => {
  const found = /^([0-9.]+) *([kmgt]?)i?b?$/i.exec(String(text));
  const power = 'kmgt'.indexOf((found?.[2] ?? '').toLowerCase() || ' ') + 1;
  if (found !== null && Number.isFinite(Number(found[1])))
    return Math.max(1, Math.ceil((Number(found[1]) * 1_024 ** power) / MIB));
  context.addIssue({ code: 'custom', message: 'no size such as 512m' });
  return z.NEVER;
});

/** Kubernetes' quantities of memory and storage: `512Mi`, `1G`. */
export const QuantityMib = z.union([z.string(), z.number()]).transform((text, context) => {
  const found = /^([0-9.]+)(Ki|Mi|Gi|Ti|k|M|G|T)?$/.exec(String(text));
  const factor = BYTES[found?.[2] ?? ''];
  if (found !== null && factor !== undefined && Number.isFinite(Number(found[1])))
    return Math.max(1, Math.ceil((Number(found[1]) * factor) / MIB));
  context.addIssue({ code: 'custom', message: 'no quantity such as 512Mi' });
  return z.NEVER;
});

/** `0.5`, `500m`. */
export const CpuMillis = z.union([z.string(), z.number()]).transform((text, context) => {
  const found = /^([0-9.]+)(m?)$/.exec(String(text));
  if (found !== null && Number.isFinite(Number(found[1])))
    return Math.max(1, Math.ceil(Number((Number(found[1]) * (found[2] === 'm' ? 1 : 1_000)).toFixed(3))));
  context.addIssue({ code: 'custom', message: 'no number of CPUs such as 0.5' });
  return z.NEVER;
});

/** A command line in words, as a shell divides it, without expanding anything. */
export function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/g)];
  return words.map(([word]) =>
    [...word.matchAll(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)|([^"'\\]+)/g)]
      .map(([, double, single, escaped, plain]) =>
        double === undefined ? (single ?? escaped ?? plain ?? '') : double.replace(/\\(["\\$])/g, '$1'),
      )
      .join(''),
  );
}

/** Names that such a file leaves to the environment of whoever starts Compose. */
export function valuelessIn(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [, name] = /^\s*(?:export\s+)?([^#=\s][^=\s]*)\s*$/.exec(line) ?? [];
    return name === undefined ? [] : [name];
  });
}

/** Lines of NAME=VALUE; a line without a value is none. */
export function variablesOf(text: string): [string, string][] {
  return text.split(/\r?\n/).flatMap((line) => {
    const found = /^\s*(?:export\s+)?([^#=\s][^=\s]*)\s*=\s*(.*?)\s*$/.exec(line);
    if (found?.[1] === undefined) return [];
    const value = found[2] ?? '';
    const quoted = /^(["'])(.*)\1$/.exec(value);
    return [[found[1], quoted?.[2] ?? value.replace(/\s+#.*$/, '')]];
  });
}
