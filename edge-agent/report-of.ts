/**
 * The report to the control plane, from the status: only what stays the same while nothing happens, because a report is
 * sent whenever it differs. Ages and counters come by the hubs' liveness.
 */
import type { Report } from '../protocol/report.ts';
import { TWO_KEYS } from '../protocol/rotation.ts';
import { RELEASE } from '../protocol/version.ts';
import { diagnose } from './diagnose.ts';
import { type Config } from './settings.ts';
import type { Status } from './status.ts';
import { ROUTABLE_MAX } from './worker/messages.ts';

export interface ReportInput {
  readonly status: Status;
  readonly config: Config;
  readonly told: Pick<Report, 'wireguardKey' | 'rotation'>;
  readonly certificate: string | undefined;
}

/** Checks whose outcome the control plane knows by itself, or that say how old something is. */
const NOT_REPORTED = [
  'control_plane.reachable',
  'control_plane.admitted',
  'document.age',
  'document.refused',
];

export function reportOf({ status, config, told, certificate }: ReportInput): Report {
  const { applied, refused } = status.document;
  const { proofs } = status;
  return {
    version: RELEASE,
    features: [TWO_KEYS],
    ...told,
    advertise: advertisedBy(config, status),
    ...(applied === undefined ? {} : { applied }),
    ...(refused === undefined || refused.epoch === 0 ? {} : { refused }),
    ...(status.activeHub === undefined ? {} : { activeHub: status.activeHub }),
    ...(certificate === undefined ? {} : { certificate }),
    findings: diagnose(status).filter(({ level, code }) => level !== 'ok' && !NOT_REPORTED.includes(code)),
    ...(proofs === undefined ? {} : { proofs }),
  };
}

/** What was said at enrolment, then the pods of clusters that can be reached as they are; the site's allotment decides which of them are exposed. */
function advertisedBy(config: Config, { clusters }: Status): string[] {
  const all = [...config.advertise, ...clusters.flatMap(({ routable }) => routable)];
  return [...new Set(all)].slice(0, ROUTABLE_MAX);
}
