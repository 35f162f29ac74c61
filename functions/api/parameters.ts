/** Parameters in the paths of operations: which there are, and what each may be. */
import type { z } from 'zod';
import { Hash } from '../../protocol/document.ts';
import { Name } from '../../protocol/metadata.ts';

/** Schemas of path parameters: names, but for the hash of a leaf. */
export function schemaOfParameter(name: string): z.ZodType<string> {
  return name === 'hash' ? Hash : Name;
}

export function parametersOf(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
}
