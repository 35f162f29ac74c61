/** What a swarm answers, as far as we read it. */
import { z } from 'zod';

const Labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((labels) => labels ?? {});

export const SwarmSpec = z.looseObject({
  Name: z.string(),
  Labels,
  Mode: z
    .looseObject({ Replicated: z.looseObject({ Replicas: z.number().default(0) }).optional() })
    .default({}),
  TaskTemplate: z.looseObject({
    ContainerSpec: z
      .looseObject({
        Labels,
        Configs: z.array(z.looseObject({ ConfigName: z.string() })).nullish(),
      })
      .optional(),
  }),
});
export type SwarmSpec = z.infer<typeof SwarmSpec>;

export const Service = z.looseObject({
  ID: z.string(),
  Version: z.looseObject({ Index: z.number() }),
  Spec: SwarmSpec,
  PreviousSpec: SwarmSpec.nullish(),
  UpdateStatus: z.looseObject({ State: z.string().default(''), Message: z.string().default('') }).nullish(),
});
export type Service = z.infer<typeof Service>;

export const Task = z.looseObject({
  ID: z.string(),
  CreatedAt: z.string().default(''),
  Slot: z.number().default(0),
  NodeID: z.string().default(''),
  DesiredState: z.string(),
  Spec: z.looseObject({
    ContainerSpec: z.looseObject({ Labels }).optional(),
    Networks: z.array(z.looseObject({ Aliases: z.array(z.string()).nullish() })).nullish(),
  }),
  Status: z.looseObject({
    State: z.string(),
    Message: z.string().default(''),
    Err: z.string().default(''),
    ContainerStatus: z.looseObject({ ExitCode: z.number().default(0) }).nullish(),
  }),
  NetworksAttachments: z.array(z.looseObject({ Addresses: z.array(z.string()).nullish() })).nullish(),
});
export type Task = z.infer<typeof Task>;

export const SwarmNode = z.looseObject({
  ID: z.string(),
  Spec: z.looseObject({ Role: z.string(), Availability: z.string(), Labels }),
  Description: z.looseObject({
    Hostname: z.string().default(''),
    Resources: z
      .looseObject({ NanoCPUs: z.number().default(0), MemoryBytes: z.number().default(0) })
      .default({ NanoCPUs: 0, MemoryBytes: 0 }),
    Engine: z.looseObject({ EngineVersion: z.string().default(''), Labels }).optional(),
  }),
  Status: z.looseObject({
    State: z.string(),
    Message: z.string().default(''),
    Addr: z.string().default(''),
  }),
});
export type SwarmNode = z.infer<typeof SwarmNode>;

/** A config or a secret, of which the name is in the spec. */
export const Named = z.looseObject({ ID: z.string(), Spec: z.looseObject({ Name: z.string(), Labels }) });
export type Named = z.infer<typeof Named>;

export const Network = z.looseObject({ Id: z.string(), Name: z.string(), Driver: z.string(), Labels });
export const Made = z.looseObject({ ID: z.string() });
