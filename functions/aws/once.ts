/** A value that is made at its first use and kept: clients of AWS are large, and most requests need but one of them. */

/** What fails to be made is made again the next time. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((failure: unknown) => {
      made = undefined;
      throw failure;
    });
    return made;
  };
}
