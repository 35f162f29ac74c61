/**
 * An API server that holds objects of one type and keeps its two promises about them: a name is made once, and a change is of the version that is
 * there. Answers take a while, and some are lost after the deed.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { z } from 'zod';
import type { KubeRequest } from '../../edge-agent/kube/client.ts';
import { faultOf, KubeError } from '../../edge-agent/kube/errors.ts';
import { KubeObject } from '../../edge-agent/kube/objects.ts';

interface Precondition {
  readonly preconditions?: { readonly resourceVersion?: string };
}

export class KubeObjects {
  readonly now = new Map<string, KubeObject>();
  /** Of the answers, from 0 to 1. */
  lost = 0;
  #version = 100;
  readonly #chance: () => number;

  constructor(chance: () => number) {
    this.#chance = chance;
  }

  async json<Schema extends z.ZodType>(schema: Schema, call: KubeRequest): Promise<z.infer<Schema>> {
    return schema.parse(await this.#answer(call));
  }

  async text(call: KubeRequest): Promise<string> {
    return JSON.stringify(await this.#answer(call));
  }

  async #answer(call: KubeRequest): Promise<unknown> {
    await pause(this.#chance() * 4);
    const answer = this.#do(call);
    await pause(this.#chance() * 4);
    if (this.#chance() < this.lost) throw new KubeError('kube.unreachable', 'the answer was lost');
    return answer;
  }

  #do({ method, path, body = '{}' }: KubeRequest): unknown {
    if (method === 'POST') return this.#create(KubeObject.parse(JSON.parse(body)));
    const name = path.split('/').at(-1) ?? '';
    const there = this.now.get(name);
    if (there === undefined) throw fault(404);
    if (method === 'PUT') {
      const next = KubeObject.parse(JSON.parse(body));
      if (next.metadata.resourceVersion !== there.metadata.resourceVersion) throw fault(409);
      return this.#put(next);
    }
    if (method === 'DELETE') {
      const { preconditions }: Precondition = JSON.parse(body);
      if (preconditions?.resourceVersion !== there.metadata.resourceVersion) throw fault(409);
      this.now.delete(name);
    }
    return there;
  }

  #create(object: KubeObject): KubeObject {
    if (this.now.has(object.metadata.name)) throw fault(409);
    return this.#put(object);
  }

  #put(object: KubeObject): KubeObject {
    this.#version += 1;
    const written = {
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(this.#version) },
    };
    this.now.set(object.metadata.name, written);
    return written;
  }
}

function fault(status: number): KubeError {
  return new KubeError(faultOf(status, false), String(status), { status });
}
