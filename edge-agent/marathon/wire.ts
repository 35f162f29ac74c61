/** What Marathon (1.5 and newer) says over its API, as far as we read it. Whatever else is in it is left alone. Pure. */
import { z } from 'zod';

const Port = z.number();

export const Task = z.looseObject({
  id: z.string(),
  appId: z.string().default(''),
  host: z.string().nullish(),
  slaveId: z.string().nullish(),
  state: z.string().default(''),
  /** Of the app when the task was made. */
  version: z.string().default(''),
  stagedAt: z.string().nullish(),
  ports: z.array(Port).nullish(),
  ipAddresses: z.array(z.looseObject({ ipAddress: z.string() })).nullish(),
  healthCheckResults: z
    .array(z.looseObject({ alive: z.boolean().default(false), lastFailureCause: z.string().nullish() }))
    .nullish(),
});
export type Task = z.infer<typeof Task>;

/** Of the task of an app that ended last by itself. */
export const TaskFailure = z.looseObject({
  message: z.string().default(''),
  state: z.string().default(''),
  taskId: z.string().default(''),
  slaveId: z.string().nullish(),
  host: z.string().nullish(),
  version: z.string().default(''),
  timestamp: z.string().nullish(),
});
export type TaskFailure = z.infer<typeof TaskFailure>;

const Reference = z.looseObject({ id: z.string() });

export const App = z.looseObject({
  id: z.string(),
  instances: z.int(),
  labels: z.record(z.string(), z.string()).default({}),
  constraints: z.array(z.array(z.string())).default([]),
  version: z.string().default(''),
  versionInfo: z.looseObject({ lastConfigChangeAt: z.string() }).optional(),
  tasks: z.array(Task).default([]),
  deployments: z.array(Reference).default([]),
  lastTaskFailure: TaskFailure.nullish(),
});
export type App = z.infer<typeof App>;

export const OneApp = z.looseObject({ app: App });
export const Apps = z.looseObject({ apps: z.array(App) });

/** What a change answers. Making an app answers the app, which has its deployments in a list. */
export const Changed = z.looseObject({ deploymentId: z.string() });

export const Deployment = z.looseObject({
  id: z.string(),
  affectedApps: z.array(z.string()).default([]),
});
export type Deployment = z.infer<typeof Deployment>;
export const Deployments = z.array(Deployment);

export const Group = z.looseObject({
  id: z.string(),
  apps: z.array(z.looseObject({ id: z.string() })).default([]),
  groups: z.array(z.looseObject({ id: z.string() })).default([]),
});

const Rejections = z.array(
  z.looseObject({ reason: z.string(), declined: z.number().default(0), processed: z.number().default(0) }),
);

export const QueueItem = z.looseObject({
  app: z.looseObject({ id: z.string() }).optional(),
  count: z.number().default(0),
  delay: z.looseObject({ timeLeftSeconds: z.number().default(0) }).optional(),
  processedOffersSummary: z
    .looseObject({ rejectSummaryLastOffers: Rejections.default([]) })
    .default({ rejectSummaryLastOffers: [] }),
});
export type QueueItem = z.infer<typeof QueueItem>;
export const Queue = z.looseObject({ queue: z.array(QueueItem) });

export const Info = z.looseObject({
  name: z.string().default(''),
  version: z.string(),
  frameworkId: z.string().nullish(),
  leader: z.string().nullish(),
  marathon_config: z
    .looseObject({
      mesos_leader_ui_url: z.string().nullish(),
      features: z.array(z.string()).nullish(),
    })
    .default({}),
});
export type Info = z.infer<typeof Info>;

export const Problem = z.looseObject({
  message: z.string().default(''),
  deployments: z.array(Reference).default([]),
  details: z
    .array(z.looseObject({ path: z.string().default(''), errors: z.array(z.string()).default([]) }))
    .default([]),
});

/** Of the stream. */
export const StatusEvent = z.looseObject({
  appId: z.string(),
  taskStatus: z.string(),
  taskId: z.string().default(''),
  version: z.string().default(''),
});
