/** The exit codes are frozen: a script that branches on them goes on working. */
import { expect, test } from 'vitest';
import { EXIT, faultKindOf } from '../../cli/fault.ts';
import { PROBLEMS } from '../../protocol/problem.ts';

test('each fault has its code, and every problem of the control plane has a fault', () => {
  expect(EXIT).toEqual({ failed: 1, usage: 2, missing: 3, forbidden: 4, conflict: 5, unreachable: 6 });
  const codes = new Map<number, string[]>();
  for (const [problem, { status }] of Object.entries(PROBLEMS)) {
    const code = EXIT[faultKindOf(status)];
    codes.set(code, [...(codes.get(code) ?? []), problem]);
  }
  expect(Object.fromEntries(codes)).toMatchInlineSnapshot(`
    {
      "1": [
        "invalid",
        "malformed",
        "too_large",
        "unsupported_media_type",
        "misdirected",
        "method_not_allowed",
        "prefix_outside_allotment",
        "prefix_reserved",
        "prefix_too_wide",
        "pool_exhausted",
        "address_outside_site",
        "internal",
      ],
      "3": [
        "not_found",
      ],
      "4": [
        "unauthenticated",
        "clock_skew",
        "forbidden",
        "foreign_origin",
        "token_invalid",
        "token_expired",
        "proof_invalid",
      ],
      "5": [
        "already_exists",
        "idempotency_conflict",
        "stale",
        "precondition_required",
        "in_use",
        "prefix_overlaps",
        "native_collision",
        "host_taken",
        "token_used",
        "not_staged",
      ],
      "6": [
        "rate_limited",
        "busy",
      ],
    }
  `);
});
