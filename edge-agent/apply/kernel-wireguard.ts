/** Devices by the kernel's WireGuard. */
import type { Run } from './command.ts';
import { wgDoor } from './wg-door.ts';
import { type Wireguard, WireguardError } from './wireguard.ts';

/** Made and removed again to see whether the kernel can. */
const TRIAL_DEVICE = 'isttrial';

export function kernelWireguard(run: Run): Wireguard {
  const remove = async (name: string) => {
    await run('ip', ['link', 'del', 'dev', name]);
  };
  const create = async (name: string) => {
    await remove(name);
    const result = await run('ip', ['link', 'add', 'dev', name, 'type', 'wireguard']);
    const isMade = result.kind === 'exited' && result.code === 0;
    if (!isMade) throw new WireguardError('wireguard.refused', `the kernel makes no device ${name}`);
  };
  return { ...wgDoor(run), implementation: 'kernel', create, remove };
}

export async function hasKernelWireguard(run: Run): Promise<boolean> {
  const result = await run('ip', ['link', 'add', 'dev', TRIAL_DEVICE, 'type', 'wireguard']);
  await run('ip', ['link', 'del', 'dev', TRIAL_DEVICE]);
  return result.kind === 'exited' && result.code === 0;
}
