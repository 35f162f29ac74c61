/** What is stored of an app beside its spec: its releases, where it was placed, where it is reached, and how many were chosen. */
import type { AppPlaced, AppTemplate } from '../../protocol/app.ts';
import type { AppEndpoint, AppOrigin } from '../../protocol/app-endpoint.ts';
import type { Scaled } from '../../protocol/scaling.ts';
import type { StageKind } from '../../protocol/track.ts';

/** Of an app beside what its clusters tell. */
export interface AppKept {
  /** Rises with every change of the template. */
  readonly release: number;
  /** The last release that was up in all its clusters, and what it was. */
  readonly good?: { readonly release: number; readonly template: AppTemplate } | undefined;
  /** A release that was taken back. It counts while it is the newest. */
  readonly failed?: { readonly release: number; readonly reason: string } | undefined;
  /** Earlier ones, newest first: what people can go back to. */
  readonly past?:
    | readonly { readonly release: number; readonly template: AppTemplate; readonly until: string }[]
    | undefined;
  /** Of a release on its way, in or out, beside the last one. */
  readonly stage?: AppStageKept | undefined;
  /** Where it runs, as it was last planned. */
  readonly placed?: AppPlacedKept | undefined;
  /** Where it is reached, as its clusters told of it last. */
  readonly endpoints?: readonly AppEndpoint[] | undefined;
  /** Where it speaks from, likewise. */
  readonly origins?: readonly AppOrigin[] | undefined;
  /** Of an app that scales: how many, as it was last chosen. */
  readonly scaled?: ScaledKept | undefined;
}

export interface ScaledKept extends Scaled {
  /** What was recommended within the hold, and until when it stood, milliseconds since 1970. */
  readonly held: readonly { readonly wanted: number; readonly atMs: number }[];
  readonly rise?: { readonly from: number; readonly atMs: number } | undefined;
}

export interface AppStageKept {
  readonly release: number;
  readonly template: AppTemplate;
  readonly kind: StageKind;
  readonly step: number;
  readonly since: string;
  readonly isPromoted?: boolean | undefined;
}

export interface AppPlacedKept extends AppPlaced {
  /** Since when replicas that burst could return, milliseconds since 1970. */
  readonly roomSinceMs?: number | undefined;
  /** The placement's words changed since: it is divided afresh. */
  readonly isReworded?: boolean | undefined;
  /** Something is the matter, and the sentences say what. */
  readonly isNoted?: boolean | undefined;
  /** Replicas that stay until those in their place are ready. */
  readonly leaving?: readonly { readonly cluster: string; readonly replicas: number }[] | undefined;
}
