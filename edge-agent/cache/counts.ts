/** What the cache itself asked of the API server, counted where it is asked. */

export interface Counts {
  lists: number;
  watches: number;
  reads: number;
  accessReviews: number;
}

export function noCounts(): Counts {
  return { lists: 0, watches: 0, reads: 0, accessReviews: 0 };
}
