/**
 * How many containers one measure asks for. The rules are those that Kubernetes' HorizontalPodAutoscaler documents: a band in which nothing is done, and containers of
 * which nothing is known count as idle when there might be more, and as just busy enough when there might be fewer. Values in, values out.
 */
import { SCALING_TOLERANCE } from '../../protocol/scaling.ts';

/** Against what divisions leave over. */
const ROUNDING = 1e-6;

/** What one measure says. */
export interface Load {
  /** `CPU`: begins its sentence. */
  readonly name: string;
  /** The load in containers: so many would carry it, each just as busy as it is to be. */
  readonly containers: number;
  /** Containers that it does not speak of, because they are starting or nobody has looked yet. */
  readonly missing: number;
  /** Why it may be more than this: somebody has not told. Then it is no reason for fewer. */
  readonly gap?: string | undefined;
  /** The measure itself, for people: `at 140 % of 500 millis each`. */
  readonly words: string;
}

/** Silence is not idleness: with a gap there are never fewer. */
export function recommend({ containers, missing, gap }: Load, current: number): number {
  if (containers > current * (1 + SCALING_TOLERANCE)) return Math.ceil(containers - ROUNDING);
  const most = containers + missing;
  if (gap === undefined && most < current * (1 - SCALING_TOLERANCE))
    return Math.max(1, Math.ceil(most - ROUNDING));
  return current;
}
