/** What engines of a cluster said of themselves, kept on disk: after a restart of the edge one that is silent still has its size and labels. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import type { KnownEngines } from '../clusters/docker-facts.ts';
import { EngineInfo } from '../clusters/docker-objects.ts';
import { writeDurably } from '../link/durable.ts';

const Kept = z.record(z.string(), EngineInfo);

export class EnginesFile implements KnownEngines {
  readonly #path: string;
  readonly #log: (line: string) => void;
  readonly #all: Map<string, EngineInfo>;

  /** `directory`: of the cluster's nodes; it goes with the cluster. */
  constructor(directory: string, log: (line: string) => void) {
    this.#path = join(directory, 'seen', 'engines.json');
    this.#log = log;
    this.#all = new Map(Object.entries(Kept.safeParse(parseJson(textOf(this.#path))).data ?? {}));
  }

  get(node: string): EngineInfo | undefined {
    return this.#all.get(node);
  }

  set(node: string, info: EngineInfo): void {
    const { Name, NCPU, MemTotal, Labels, ServerVersion, OSType, Architecture } = info;
    const kept = { Name, NCPU, MemTotal, Labels, ServerVersion, OSType, Architecture };
    const isSame = JSON.stringify(kept) === JSON.stringify(this.#all.get(node));
    this.#all.set(node, kept);
    if (!isSame) this.#write();
  }

  #write(): void {
    try {
      writeDurably(this.#path, `${JSON.stringify(Object.fromEntries(this.#all))}\n`);
    } catch (cause) {
      this.#log(`${this.#path} can't be written: ${cause instanceof Error ? cause.message : String(cause)}`);
    }
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
