/** The issuers whose access tokens the control plane takes, from the file that the settings name. */
import { TrustedIssuers } from '../protocol/sign-in.ts';
import { readIfThere, StartRefused } from './state.ts';

export function readIssuers(file: string | undefined): ReturnType<typeof TrustedIssuers.parse> {
  if (file === undefined) return [];
  const text = readIfThere(file);
  if (text === undefined) throw new StartRefused(`There is no file ${file}.`);
  const parsed = TrustedIssuers.safeParse(valueOf(text, file));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StartRefused(`The issuers in ${file}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`);
}

function valueOf(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new StartRefused(`${file} is no JSON.`, { cause });
  }
}
