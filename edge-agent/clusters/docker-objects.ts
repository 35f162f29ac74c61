/** What a plain engine answers, as far as we read it. */
import { z } from 'zod';

const Labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((labels) => labels ?? {});

export const EngineInfo = z.looseObject({
  Name: z.string().default(''),
  NCPU: z.number().default(0),
  MemTotal: z.number().default(0),
  Labels: z
    .array(z.string())
    .nullish()
    .transform((labels) => labels ?? []),
  ServerVersion: z.string().default(''),
  OSType: z.string().default(''),
  Architecture: z.string().default(''),
  Swarm: z.looseObject({ ControlAvailable: z.boolean().default(false) }).optional(),
});
export type EngineInfo = z.infer<typeof EngineInfo>;

export const ListedContainer = z.looseObject({
  Id: z.string(),
  Names: z
    .array(z.string())
    .nullish()
    .transform((names) => names ?? []),
  Labels,
});
export type ListedContainer = z.infer<typeof ListedContainer>;

export const InspectedContainer = z.looseObject({
  Id: z.string(),
  Name: z.string(),
  Created: z.string().default(''),
  RestartCount: z.number().default(0),
  Config: z.looseObject({ Labels }),
  State: z.looseObject({
    Status: z.string(),
    ExitCode: z.number().default(0),
    OOMKilled: z.boolean().default(false),
    Error: z.string().default(''),
    StartedAt: z.string().default(''),
    FinishedAt: z.string().default(''),
    Health: z.looseObject({ Status: z.string() }).nullish(),
  }),
  HostConfig: z.looseObject({
    NanoCpus: z.number().default(0),
    Memory: z.number().default(0),
    RestartPolicy: z.looseObject({ Name: z.string().default('') }).optional(),
  }),
  NetworkSettings: z.looseObject({
    Networks: z
      .record(
        z.string(),
        z.looseObject({ IPAddress: z.string().default(''), Aliases: z.array(z.string()).nullish() }),
      )
      .nullish()
      .transform((networks) => networks ?? {}),
  }),
});
export type InspectedContainer = z.infer<typeof InspectedContainer>;

export const ListedVolumes = z.looseObject({
  Volumes: z
    .array(z.looseObject({ Name: z.string(), Labels }))
    .nullish()
    .transform((volumes) => volumes ?? []),
});

export const ListedNetworks = z.array(z.looseObject({ Id: z.string(), Name: z.string(), Labels }));
export const MadeContainer = z.looseObject({ Id: z.string() });
