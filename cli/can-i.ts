/** `isthmus can-i`: asks the control plane whether the caller may, and hands its reason on. */
import { RightAnswer, RightQuestion } from '../protocol/role.ts';
import { at } from './address.ts';
import type { Api } from './api.ts';
import { Fault } from './fault.ts';

export interface RightOptions {
  readonly name?: string;
  readonly site?: string;
  readonly deployment?: true;
}

export interface RightAsked extends RightOptions {
  readonly verb: string;
  readonly kind: string;
}

export async function askRight(api: Pick<Api, 'post' | 'tenant'>, asked: RightAsked): Promise<RightAnswer> {
  const { deployment, ...rest } = asked;
  const tenant = deployment === true ? undefined : await api.tenant();
  const question = RightQuestion.safeParse({ ...rest, tenant });
  if (question.success) return api.post(at('/v1/can-i', {}), RightAnswer, question.data);
  const [issue] = question.error.issues;
  throw new Fault('usage', `${issue?.path.join('.') ?? 'the question'}: ${issue?.message ?? ''}`);
}
