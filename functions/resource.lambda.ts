/** The function behind `Custom::Isthmus...` resources in users' own stacks. It composes, and holds no rule. */
import type { Context } from 'aws-lambda';
import { createResourceHandler } from './aws/resource.ts';
import { createResourcePorts } from './aws/resource-ports.ts';

const handle = createResourceHandler(createResourcePorts());

export const handler = (event: unknown, context: Context): Promise<void> =>
  handle(event, context.getRemainingTimeInMillis());
