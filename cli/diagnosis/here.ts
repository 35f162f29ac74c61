/** What can be seen of the control plane from where the command runs, judged: name, way, certificate, clock, version, and who we are there. */
import type { Finding } from '../../protocol/report.ts';
import { ageText } from '../table.ts';

/** Tokens and signed requests bear this much. */
const CLOCK_SECONDS_MAX = 30;
const CERTIFICATE_SECONDS_MIN = 14 * 86_400;

/** What one request without a credential showed. */
export interface Reach {
  readonly url: string;
  /** Of the name; the address itself, if it is one. */
  readonly addresses: readonly string[];
  /** Why the name leads nowhere. */
  readonly nameFault?: string | undefined;
  /** Why nothing answered, in a sentence. */
  readonly fault?: string | undefined;
  readonly tookMs?: number | undefined;
  /** Until the end of its certificate; negative once it has ended. */
  readonly certificateSeconds?: number | undefined;
  /** Its clock less ours. */
  readonly clockOffsetSeconds?: number | undefined;
}

/** Who the control plane takes us for, or why it does not. */
export interface Admission {
  readonly name?: string | undefined;
  readonly role?: string | undefined;
  readonly fault?: string | undefined;
  /** Of the control plane; absent if we may not read it. */
  readonly version?: string | undefined;
}

export function ok(code: string, message: string): Finding {
  return { code, level: 'ok', message, fix: '' };
}

export function finding(
  level: 'warning' | 'error',
  code: string,
  { message, fix }: { readonly message: string; readonly fix: string },
): Finding {
  return { code, level, message, fix };
}

export function reachFindings(reach: Reach): Finding[] {
  if (reach.nameFault !== undefined)
    return [
      finding('error', 'dns.resolves', {
        message: `The name in ${reach.url} leads nowhere: ${reach.nameFault}`,
        fix: 'Check the name, and the name server that this machine asks.',
      }),
    ];
  const named = ok('dns.resolves', `${reach.url} is at ${reach.addresses.join(', ')}.`);
  if (reach.fault !== undefined)
    return [
      named,
      finding('error', 'control_plane.reachable', {
        message: reach.fault,
        fix: 'See that the control plane runs and that this machine reaches the address and port by HTTPS.',
      }),
    ];
  return [
    named,
    ok('control_plane.reachable', `${reach.url} answers within ${Math.ceil(reach.tookMs ?? 0)} ms.`),
    ...certificate(reach),
    ...clock(reach),
  ];
}

function certificate({ certificateSeconds: left }: Reach): Finding[] {
  if (left === undefined) return [];
  const code = 'control_plane.certificate';
  if (left >= CERTIFICATE_SECONDS_MIN) return [ok(code, `Its certificate is good for ${ageText(left)}.`)];
  return [
    finding('warning', code, {
      message: `Its certificate ends in ${ageText(left)}.`,
      fix: 'Renew it: agents and people are shut out when it ends. One of the control plane itself is renewed by it.',
    }),
  ];
}

function clock({ clockOffsetSeconds: offset }: Reach): Finding[] {
  if (offset === undefined) return [];
  const code = 'clock.offset';
  if (Math.abs(offset) <= CLOCK_SECONDS_MAX)
    return [ok(code, 'The clock of this machine agrees with the control plane.')];
  return [
    finding('warning', code, {
      message: `The clock of this machine is ${offset > 0 ? 'behind' : 'ahead'} by ${ageText(Math.abs(offset))}.`,
      fix: 'Set up time synchronisation (NTP); sign-ins and certificates are judged by the clock.',
    }),
  ];
}

export function admissionFindings({ name, role, fault, version }: Admission, release: string): Finding[] {
  const who =
    fault === undefined
      ? ok('access.admitted', `The control plane knows you as ${name}${role ? `, ${role}` : ''}.`)
      : finding('error', 'access.admitted', {
          message: fault,
          fix: 'Log in anew: isthmus login. If it goes on, ask whoever gives out keys and bindings.',
        });
  if (version === undefined) return [who];
  if (version === release) return [who, ok('version.cli', `This command is of its version, ${release}.`)];
  return [
    who,
    finding('warning', 'version.cli', {
      message: `This command is of version ${release}, the control plane of ${version}.`,
      fix: 'Use the command of the same version.',
    }),
  ];
}
