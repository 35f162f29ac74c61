/** The one clock and the one source of chance of the running agent; everything below it is handed its values. */
export interface Clock {
  monotonicMs(): number;
  /** Milliseconds since 1970. */
  wallMs(): number;
  /** From 0 up to 1. */
  chance(): number;
}
