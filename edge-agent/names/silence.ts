/** Which sites a hub does not hear of, so that names lead elsewhere while there is an elsewhere. Values in, values out. */

/** An edge probes several times a second. */
export const SILENT_MS = 2_000;
/** A hub that has just started has heard of nobody yet. */
const BEGINNING_MS = 5_000;

export interface HeardEdge {
  readonly tenant: string;
  readonly site: string;
  /** Since its last probe; undefined: there was none. */
  readonly ageMs: number | undefined;
}

/** As `TENANT/SITE`: sites none of whose edges was heard of lately. */
export function silentSites(edges: readonly HeardEdge[], upMs: number): ReadonlySet<string> {
  const nameOf = ({ tenant, site }: HeardEdge) => `${tenant}/${site}`;
  const isHeard = ({ ageMs }: HeardEdge) => (ageMs === undefined ? upMs < BEGINNING_MS : ageMs <= SILENT_MS);
  const heard = new Set(edges.filter(isHeard).map(nameOf));
  return new Set(edges.map(nameOf).filter((name) => !heard.has(name)));
}
