/**
 * Puts together what looks at the host and what changes it: eyes for `observe`, hands for `apply`. It must not look or
 * change anything itself, but for finding the control plane's addresses, which the guard keeps out of tunnels.
 */
import { lookup } from 'node:dns/promises';
import { mkdirSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { run } from './apply/command.ts';
import { sendDatagram } from './apply/datagram.ts';
import type { Hands } from './apply/hands.ts';
import { openWireguard } from './apply/open-wireguard.ts';
import { KeyRing } from './key-ring.ts';
import type { Eyes } from './observe/host.ts';
import type { Config, Environment, Paths } from './settings.ts';

const LOOKUP_AGE_MS = 300_000;
const LOOKUP_TIMEOUT_MS = 2_000;

export interface Host {
  readonly hands: Hands;
  readonly ring: KeyRing;
  /** Eyes with the control plane's addresses of now. */
  eyes(): Promise<Eyes>;
}

export interface HostInput {
  readonly config: Config;
  readonly paths: Paths;
  readonly environment: Environment;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export async function openHost({ config, paths, environment, now }: HostInput): Promise<Host> {
  mkdirSync(paths.run, { recursive: true, mode: 0o755 });
  mkdirSync(paths.state, { recursive: true, mode: 0o700 });
  const runtimeDirectory = paths.run;
  const wireguard = await openWireguard({ run, runtimeDirectory, environment });
  const ring = new KeyRing(paths);
  const addresses = new ControlPlaneAddresses(config.controlPlane, now);
  return {
    ring,
    hands: { run, wireguard, privateKeyFile: (key) => ring.fileOf(key), runtimeDirectory, sendDatagram },
    eyes: async () => ({
      run,
      wireguard,
      runtimeDirectory,
      self: {
        agent: config.agent,
        role: config.role,
        publicKey: ring.view.present,
        spareKeys: [ring.view.next, ring.view.old].filter((key) => key !== undefined),
        controlPlaneAddresses: await addresses.current(),
      },
    }),
  };
}

/** The addresses behind the control plane's name; the last ones known while no name server answers. */
class ControlPlaneAddresses {
  readonly #name: string;
  readonly #now: () => number;
  #known: readonly string[];
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(url: string, now: () => number) {
    this.#name = new URL(url).hostname;
    this.#now = now;
    this.#known = isIPv4(this.#name) ? [this.#name] : [];
  }

  async current(): Promise<readonly string[]> {
    if (isIPv4(this.#name) || this.#now() - this.#askedMs < LOOKUP_AGE_MS) return this.#known;
    this.#askedMs = this.#now();
    const asked = lookup(this.#name, { family: 4, all: true }).then(
      (found) => {
        this.#known = found.map(({ address }) => address).sort();
      },
      () => undefined,
    );
    await Promise.race([asked, pauseUnheld(LOOKUP_TIMEOUT_MS)]);
    return this.#known;
  }
}

/** A wait that keeps no process alive. */
function pauseUnheld(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
