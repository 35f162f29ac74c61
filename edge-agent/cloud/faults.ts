/**
 * What went wrong in the account lately, as findings for `status` and `doctor`: one a matter, gone when it works again.
 * It must not try anything again.
 */
import type { Finding } from '../../protocol/report.ts';
import { ROUTES_TAG, ROUTES_TAG_OFF } from '../../vpc/plan/routes.ts';
import type { VpcError } from '../../vpc/port.ts';

const TEXT_MAX = 400;
const LISTED_MAX = 3;

/** What a look at the route tables left open. */
export interface OpenRoutes {
  readonly conflicts: readonly {
    readonly table: string;
    readonly destination: string;
    readonly target: string;
  }[];
  readonly failures: readonly {
    readonly table: string;
    readonly destination: string;
    readonly reason: string;
  }[];
}

export class Faults {
  readonly #faults = new Map<string, VpcError>();

  passed(what: string): void {
    this.#faults.delete(what);
  }

  /** True if this is news: a fault that stays is told once. */
  failed(what: string, error: VpcError): boolean {
    const before = this.#faults.get(what);
    this.#faults.set(what, error);
    return before === undefined || lasting(before.message) !== lasting(error.message);
  }

  findings({ conflicts, failures }: OpenRoutes): Finding[] {
    return [
      ...[...this.#faults].map(([what, error]) => findingOf(what, error)),
      ...conflictFinding(conflicts),
      ...failureFinding(failures),
    ];
  }
}

export function faultText(what: string, error: VpcError): string {
  return `${what}: ${lasting(error.message)}`.slice(0, TEXT_MAX);
}

/** Without what differs in every answer: a refusal that stays is one finding, and is reported once. */
export function lasting(message: string): string {
  return message.replace(/\s*Encoded authorization failure message:[\s\S]*$/, '');
}

function findingOf(what: string, error: VpcError): Finding {
  const isDenied = error.code === 'denied';
  return {
    code: isDenied ? 'vpc.denied' : 'vpc.unreachable',
    level: 'error',
    message: faultText(what, error),
    fix: isDenied
      ? "Let the hub's instance role do this: deploy the stack again if somebody changed the role."
      : 'Traffic goes on as it is, but routes cannot move to the other hub. It is tried again by itself.',
  };
}

function conflictFinding(conflicts: OpenRoutes['conflicts']): Finding[] {
  if (conflicts.length === 0) return [];
  const listed = conflicts
    .slice(0, LISTED_MAX)
    .map((one) => `${one.table} ${one.destination} to ${one.target}`);
  return [
    {
      code: 'vpc.conflict',
      level: 'warning',
      message: `Foreign routes stand where ours should, and are left: ${listed.join(', ')}`.slice(
        0,
        TEXT_MAX,
      ),
      fix: `Remove these routes from the route tables, or tag the tables ${ROUTES_TAG}=${ROUTES_TAG_OFF}.`,
    },
  ];
}

function failureFinding(failures: OpenRoutes['failures']): Finding[] {
  const [first] = failures;
  if (first === undefined) return [];
  const isDenied = /\b(UnauthorizedOperation|AccessDenied|AuthFailure)/.test(first.reason);
  return [
    {
      code: isDenied ? 'vpc.denied' : 'vpc.routes',
      level: 'error',
      message:
        `${failures.length} routes could not be set: ${first.table} ${first.destination}: ${first.reason}`.slice(
          0,
          TEXT_MAX,
        ),
      fix: isDenied
        ? "Let the hub's instance role do this: deploy the stack again if somebody changed the role."
        : 'It is tried again by itself; the message says what EC2 refused.',
    },
  ];
}
