/** What our framework is asked to keep running: an app as Mesos has it. It is kept on disk, so that a restart of ours needs nobody. Pure. */
import { z } from 'zod';

const CONSTRAINTS_MAX = 64;

/**
 * On an agent's attribute, or on `hostname` or `agent`. unique: no two there. max_per: at most so many for each value. cluster: all at this value.
 * group_by: evenly over so many values. like, unlike: by a regular expression.
 */
export const Constraint = z.discriminatedUnion('operator', [
  z.strictObject({ field: z.string(), operator: z.literal('unique') }),
  z.strictObject({ field: z.string(), operator: z.literal('max_per'), count: z.int().min(1) }),
  z.strictObject({ field: z.string(), operator: z.literal('cluster'), value: z.string() }),
  z.strictObject({ field: z.string(), operator: z.literal('group_by'), count: z.int().min(1) }),
  z.strictObject({ field: z.string(), operator: z.enum(['like', 'unlike']), value: z.string().max(253) }),
]);
export type Constraint = z.infer<typeof Constraint>;

export const MesosApp = z.strictObject({
  app: z.string().min(1),
  namespace: z.string().min(1),
  tenant: z.string(),
  release: z.int(),
  /** Of everything that makes a task another one. */
  content: z.string().regex(/^[0-9a-f]{8,64}$/),
  instances: z.int().min(0),
  /** Tasks beyond the instances, while one content takes the place of another. */
  surge: z.int().min(0),
  /** Of the instances, how many must be ready at any moment of such a change. */
  floor: z.int().min(0),
  cpus: z.number().positive(),
  memoryMib: z.number().positive(),
  /** Ports of its agent that a task takes, 0 for any; once there was only their number. */
  ports: z.union([
    z.array(z.int().min(0).max(65_535)),
    z
      .int()
      .min(0)
      .transform((count) => Array.from({ length: count }, () => 0)),
  ]),
  constraints: z.array(Constraint).max(CONSTRAINTS_MAX),
  /** Whether a task counts as ready only once its health check has passed. */
  isChecked: z.boolean(),
  disconnect: z.strictObject({
    lostAfterMs: z.number(),
    replace: z.boolean(),
    reconcile: z.enum(['keep_oldest', 'keep_newest']),
  }),
  /** The rest of the TaskInfo: command, container, checks, as Mesos takes them. A port mapping's `host_port` is filled in by its place. */
  task: z.record(z.string(), z.json()),
});
export type MesosApp = z.infer<typeof MesosApp>;

/** By which an app is known among ours. */
export function keyOf({ app, namespace }: Pick<MesosApp, 'app' | 'namespace'>): string {
  return `${namespace}/${app}`;
}

export const APP_LABEL = 'isthmus.dev/app';
export const NAMESPACE_LABEL = 'isthmus.dev/namespace';
export const TENANT_LABEL = 'isthmus.dev/tenant';
export const CONTENT_LABEL = 'isthmus.dev/content';
export const RELEASE_LABEL = 'isthmus.dev/release';

/** On every task, so that it is found again by who remembers nothing. */
export function labelsOf(app: MesosApp): Record<string, string> {
  return {
    [APP_LABEL]: app.app,
    [NAMESPACE_LABEL]: app.namespace,
    [TENANT_LABEL]: app.tenant,
    [CONTENT_LABEL]: app.content,
    [RELEASE_LABEL]: `${app.release}`,
  };
}
