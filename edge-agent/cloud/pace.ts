/** How often a hub does what for the routes of its VPC. It decides nothing. */

/** Tests are faster. */
export interface OwnershipPace {
  /** Looks after a takeover. */
  readonly repairMs: readonly number[];
  /** Looks of an owner after those: a late write of the owner before is repaired within this time. */
  readonly keepMs: number;
  readonly readMs: number;
  /** Writes rest on a reading of the owner that is younger than this. */
  readonly freshMs: number;
  /** Who does not own the routes looks at them too, to know at a takeover what to turn. */
  readonly lookMs: number;
  readonly claimAgainMs: number;
}

export const PACE: OwnershipPace = {
  repairMs: [1_000, 2_000, 4_000],
  keepMs: 3_000,
  readMs: 5_000,
  freshMs: 5_000,
  lookMs: 15_000,
  claimAgainMs: 1_000,
};
