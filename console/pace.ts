/** How often a screen asks anew: soon enough to watch a change, and not at all while the page is hidden. */
export const POLLED = { refetchInterval: 4_000, refetchIntervalInBackground: false } as const;
