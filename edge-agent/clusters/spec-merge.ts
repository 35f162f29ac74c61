/**
 * What we want of an object beside what others keep in it. Wanted values are opinions: a field that is not mentioned is nobody's business of ours; one that is
 * wanted as `null` must be absent, and absent is the same as zero, because engines leave zeros out. Values in, values out.
 */
type Members = Readonly<Record<string, unknown>>;

/** Whether what is there is as it is wanted. */
export function covers(there: unknown, wanted: unknown): boolean {
  if (wanted === undefined) return true;
  if (!isMembers(wanted) && isZero(wanted)) return isZero(there);
  if (Array.isArray(wanted))
    return (
      Array.isArray(there) &&
      there.length === wanted.length &&
      wanted.every((value, index) => covers(there[index], value))
    );
  if (isMembers(wanted))
    return Object.entries(wanted).every(([key, value]) =>
      covers(isMembers(there) ? there[key] : undefined, value),
    );
  return there === wanted;
}

/** What is there, with what is wanted laid over it; lists are replaced whole. */
export function overlay(there: unknown, wanted: unknown): unknown {
  if (wanted === undefined) return there;
  if (!isMembers(wanted)) return wanted;
  const merged = Object.entries(wanted).map(
    ([key, value]) => [key, overlay(isMembers(there) ? there[key] : undefined, value)] as const,
  );
  const result = { ...(isMembers(there) ? there : {}), ...Object.fromEntries(merged) };
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== null));
}

/** Absent, or what a field is that nobody set. */
function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.length === 0;
  return isMembers(value) && Object.values(value).every(isZero);
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
