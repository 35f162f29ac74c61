/** What the gateway's backends are called: the values of its map, and how its servers are addressed at run time. */

/** Address of a server that serves nothing: TEST-NET-1 and the discard port. Never 0.0.0.0, which means "as dialled". */
export const NOWHERE = { address: '192.0.2.1', port: 9 } as const;

/** The name of a slot's backend, and its value in the map. */
export function slotName(slot: number): string {
  return `slot_${slot}`;
}

/** The slot of a backend's name; undefined for other names. */
export function slotNumber(name: string): number | undefined {
  const digits = /^slot_([1-9]\d{0,4})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The name of the group of an app's port, for as long as there is one. Names of ours have no underscore, so no two are alike. */
export function groupName({
  tenant,
  app,
  port,
}: {
  readonly tenant: string;
  readonly app: string;
  readonly port: string;
}): string {
  return `app_${tenant}_${app}_${port}`;
}

export function isGroupName(name: string): boolean {
  return /^app(_[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?){3}$/.test(name);
}

/** True for what a map may lead to. */
export function isBackendName(name: string): boolean {
  return slotNumber(name) !== undefined || isGroupName(name);
}

/** The server of a group by its number, from 1. */
export function serverName(server: number): string {
  return `s${server}`;
}

/** The number of a server's name; undefined for other names. */
export function serverNumber(name: string): number | undefined {
  const digits = /^s([1-9]\d{0,3})$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
