/**
 * What this node knows of all holdings: what it watched, and what it wrote or was refused itself, whichever is newer. Values in, values out, but for
 * its own memory. Kubernetes' versions of one type of object grow as numbers.
 */
import type { Holding } from './holding.ts';

/** A watch that is well has told of a write by then. */
const LAG_MS_MAX = 10_000;

interface Note {
  /** Undefined: it was deleted. */
  readonly holding: Holding | undefined;
  readonly version: bigint;
  readonly atMs: number;
}

export class Known {
  #notes = new Map<number, Note>();

  /** What we wrote, or read after a refusal. */
  note(holding: Holding, nowMs: number): void {
    this.#keep(holding.address, { holding, version: versionOf(holding.version), atMs: nowMs });
  }

  /** We deleted it, or it was not there any more. `version`: the one that we knew. */
  noteGone(address: number, version: string, nowMs: number): void {
    this.#keep(address, { holding: undefined, version: versionOf(version), atMs: nowMs });
  }

  /** By address. `watched`: undefined while nothing was listed; `isWell`: the watch stands. */
  merged(watched: readonly Holding[], nowMs: number, isWell: boolean): Map<number, Holding> {
    const all = new Map(watched.map((holding) => [holding.address, holding]));
    for (const [address, note] of this.#notes) {
      if (isWell && nowMs - note.atMs > LAG_MS_MAX) this.#notes.delete(address);
      else apply(all, address, note);
    }
    return all;
  }

  #keep(address: number, note: Note): void {
    const before = this.#notes.get(address);
    if (before === undefined || note.version >= before.version) this.#notes.set(address, note);
  }
}

function apply(all: Map<number, Holding>, address: number, { holding, version }: Note): void {
  const watched = all.get(address);
  if (watched !== undefined && versionOf(watched.version) > version) return;
  if (holding === undefined) all.delete(address);
  else all.set(address, holding);
}

function versionOf(text: string): bigint {
  return /^\d+$/.test(text) ? BigInt(text) : 0n;
}
