/** What a task of ours wrote, from its sandbox at its agent. */
import { z } from 'zod';
import { parseJson } from '../../protocol/json.ts';
import type { MesosClient } from './client.ts';

const BYTES = 8_000;

const Piece = z.looseObject({ data: z.string(), offset: z.number() });

/** The last lines of its standard output. `pid` is the agent's, as masters tell it: `slave(1)@10.0.0.5:5051`. */
export async function sandboxLines(
  { client, frameworkId }: { readonly client: MesosClient; readonly frameworkId: string | undefined },
  { pid, task }: { readonly pid: string; readonly task: string },
): Promise<string[]> {
  const path = `/frameworks/${frameworkId}/executors/${task}/runs/latest/stdout`;
  const read = async (offset: number) => {
    const query = `path=${encodeURIComponent(path)}&offset=${offset}&length=${BYTES}`;
    return Piece.parse(parseJson(await client.agentText(pid, `/files/read?${query}`)));
  };
  // An offset of -1 asks for the size.
  const { offset: size } = await read(-1);
  const { data } = await read(Math.max(0, size - BYTES));
  return data.split('\n').filter((line) => line !== '');
}
