/**
 * RFC 9457 problems. A code is stable for ever: clients branch on it, `docs/problems.md` lists what to do about each.
 */
import { z } from 'zod';

/** Every code with its HTTP status and its title. */
export const PROBLEMS = {
  invalid: { status: 422, title: 'The request has a field that is wrong or unknown' },
  malformed: { status: 400, title: 'The request is not well-formed JSON' },
  too_large: { status: 413, title: 'The body, or a part of it, is larger than what is taken' },
  unsupported_media_type: { status: 415, title: 'The body is not application/json' },
  unauthenticated: { status: 401, title: 'There is no valid credential in the request' },
  clock_skew: { status: 401, title: 'The request was signed at a time too far from now' },
  forbidden: { status: 403, title: 'The credential does not allow this' },
  not_found: { status: 404, title: 'There is no such resource' },
  misdirected: { status: 421, title: 'The request is for a name that is none of this server' },
  foreign_origin: { status: 403, title: 'A page of another origin may not write here' },
  method_not_allowed: { status: 405, title: 'The path does not take this method' },
  already_exists: { status: 409, title: 'A resource with this name exists' },
  idempotency_conflict: { status: 409, title: 'The Idempotency-Key was used with another request' },
  stale: { status: 412, title: 'The resource has changed since it was read' },
  precondition_required: { status: 428, title: 'If-Match is missing' },
  in_use: { status: 409, title: 'Something else still depends on the resource' },
  prefix_outside_allotment: { status: 422, title: "The prefix is not inside the site's allotment" },
  prefix_overlaps: {
    status: 409,
    title: 'The prefix, or the range of a pool, overlaps another one of the same site',
  },
  prefix_reserved: { status: 422, title: 'The prefix belongs to a range that cannot be exposed' },
  prefix_too_wide: { status: 422, title: 'Nothing wider than /16 is exposed whole' },
  pool_exhausted: { status: 507, title: 'The virtual pools have no free prefix of this length' },
  native_collision: { status: 409, title: 'Native routing is refused, because real addresses would collide' },
  address_outside_site: {
    status: 422,
    title: 'The address or range is in none of the exposed prefixes of the site',
  },
  host_taken: { status: 409, title: 'The host name belongs to another tenant' },
  quota_exceeded: { status: 409, title: 'There may be no more of this kind' },
  token_invalid: { status: 401, title: 'The enrolment token is not known' },
  token_expired: { status: 401, title: 'The enrolment token has expired' },
  token_used: { status: 409, title: 'The enrolment token was used by another key' },
  proof_invalid: { status: 401, title: 'The proof of possession, or of the instance role, does not hold' },
  rate_limited: { status: 429, title: 'Too many requests' },
  not_staged: { status: 409, title: 'The app has no release on its way by stages, or is at another stage' },
  busy: { status: 503, title: 'Too many concurrent changes' },
  internal: { status: 500, title: 'Something failed on our side' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** One wrong field: `pointer` is a JSON pointer (RFC 6901) into the body, or `?name` for a query parameter. */
export const FieldFault = z
  .strictObject({ pointer: z.string(), detail: z.string() })
  .meta({ id: 'FieldFault' });
export type FieldFault = z.infer<typeof FieldFault>;

export const Problem = z
  .strictObject({
    type: z.string().meta({ examples: ['https://isthmus.dev/problems/stale'] }),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    status: z.int(),
    title: z.string(),
    detail: z.string().meta({ description: 'What went wrong here and what to do next' }),
    instance: z.string().optional().meta({ description: 'The request id, as in the audit log' }),
    errors: z.array(FieldFault).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof Problem>;

/** An expected refusal as a value: what the pure rooms answer instead of throwing. */
export interface Refusal {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors?: readonly FieldFault[];
}
