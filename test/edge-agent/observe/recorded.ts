/** What real tools printed in a lab with a hub and three edges; the lab and its keys are gone. */
import { readFileSync } from 'node:fs';

export function recorded(name: string): string {
  return readFileSync(new URL(`../../recordings/${name}`, import.meta.url), 'utf8');
}
