/** Which WireGuard this host has: the kernel's if there is one, else wireguard-go. */
import type { Run } from './command.ts';
import { hasKernelWireguard, kernelWireguard } from './kernel-wireguard.ts';
import { type Wireguard, WireguardError } from './wireguard.ts';
import { findBinary, userspaceWireguard } from './wireguard-go.ts';

export interface OpenOptions {
  readonly run: Run;
  readonly runtimeDirectory: string;
  /** `wireguardGo`: a binary that is preferred to the installed one; `path`: directories to search, separated by colons. */
  readonly environment: { readonly wireguardGo: string | undefined; readonly path: string };
}

/** Rejects with `wireguard.no_binary` if there is none. Ask once, at the start: it makes a trial device. */
export async function openWireguard({ run, runtimeDirectory, environment }: OpenOptions): Promise<Wireguard> {
  if (await hasKernelWireguard(run)) return kernelWireguard(run);
  const binary = await findBinary(environment);
  if (binary !== undefined) return userspaceWireguard({ run, runtimeDirectory, binary });
  throw new WireguardError(
    'wireguard.no_binary',
    'The kernel has no WireGuard, and there is no wireguard-go.',
  );
}
