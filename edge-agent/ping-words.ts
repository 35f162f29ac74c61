/** What `edge-agent ping` measured, and the words for it: which way, how long, how large, and what to do. It sends nothing. */
import type { RoundTrips } from './observe/echo.ts';

export interface Measured {
  /** As it was given. */
  readonly target: string;
  readonly address: string;
  /** Probes are answered by hubs' agents, ICMP echo by any host. */
  readonly by: 'probe' | 'icmp';
  readonly device: string;
  readonly source?: string | undefined;
  /** The hub whose tunnel the packets take; absent on a hub, and outside of tunnels. */
  readonly hub?: string | undefined;
  readonly way: 'tunnel' | 'outside';
  /** The hub that the site's traffic goes by. */
  readonly activeHub?: string | undefined;
  readonly sent: number;
  readonly answered: number;
  readonly rttMs?: RoundTrips | undefined;
  readonly size?: SizeMeasured | undefined;
}

export interface SizeMeasured {
  readonly askedBytes: number;
  /** The largest, up to what was asked for, that passes whole. */
  readonly largestBytes: number;
  /** What the device or the route that the packets leave by takes. */
  readonly deviceBytes: number;
  /** What the agent lets TCP fill there. */
  readonly clampedBytes?: number | undefined;
}

export function isFine({ sent, answered, size }: Measured): boolean {
  return answered === sent && (size === undefined || fits(size));
}

export function roundTripsOf(times: readonly number[]): RoundTrips | undefined {
  if (times.length === 0) return undefined;
  const sum = times.reduce((all, one) => all + one, 0);
  return { min: Math.min(...times), avg: sum / times.length, max: Math.max(...times) };
}

export function pingText(measured: Measured): string {
  return [
    `${measured.target}: ${wayText(measured)}`,
    timeText(measured),
    ...sizeLines(measured),
    ...adviceOf(measured).map((one) => `  -> ${one}`),
  ].join('\n');
}

function wayText({ target, address, device, source, hub, way, activeHub }: Measured): string {
  const name = target === address ? '' : `${address}, `;
  const from = source === undefined ? '' : `, from ${source}`;
  if (way === 'outside') return `${name}by ${device}${from}: through no tunnel`;
  if (hub === undefined) return `${name}by the tunnels of this hub (${device})${from}`;
  const stands =
    activeHub === undefined || activeHub === hub ? '' : `; traffic to other sites goes by ${activeHub}`;
  return `${name}by the tunnel to ${hub} (${device})${from}${stands}`;
}

function timeText({ sent, answered, rttMs }: Measured): string {
  const lost = `${Math.round((100 * (sent - answered)) / sent)}% lost`;
  const times = rttMs && [rttMs.min, rttMs.avg, rttMs.max].map((ms) => ms.toFixed(2)).join('/');
  return `  RTT   ${answered} of ${sent} answered, ${lost}${times === undefined ? '' : `; min/avg/max ${times} ms`}`;
}

function fits({ askedBytes, largestBytes }: SizeMeasured): boolean {
  return largestBytes >= askedBytes;
}

function sizeLines({ size, answered }: Measured): string[] {
  if (size !== undefined)
    return [
      fits(size)
        ? `  size  packets of ${size.askedBytes} bytes pass whole`
        : `  size  packets of ${size.askedBytes} bytes do not pass whole; the largest that do have ${size.largestBytes}`,
    ];
  return answered === 0 ? ['  size  not known: nothing was answered'] : [];
}

/** What to do, if anything is to be done. */
export function adviceOf(measured: Measured): string[] {
  const { answered, sent, by, size, way } = measured;
  if (way === 'outside' && answered === 0)
    return [
      'This address is of no site that the document of this host knows: see edge-agent status and edge-agent plan.',
    ];
  if (answered === 0)
    return [
      by === 'probe'
        ? 'See edge-agent doctor: it says what stands between this host and the hub.'
        : 'Either the host is away, or it answers no ICMP, or a policy does not let it pass: see edge-agent doctor here, and isthmus policy explain.',
    ];
  const lossy =
    answered < sent
      ? ['Repeat it with --count 100; if packets go on being lost, look at the link below the tunnel.']
      : [];
  return [...lossy, ...(size === undefined || fits(size) ? [] : sizeAdvice(size))];
}

function sizeAdvice({ largestBytes, deviceBytes, clampedBytes }: SizeMeasured): string[] {
  const send = `Have what sends without TCP make packets of ${largestBytes} bytes at most`;
  if (largestBytes >= deviceBytes)
    return [`${send}: the device that they leave by takes no more. TCP keeps to it by itself.`];
  return [
    `${send}, or raise the MTU of the link below the tunnel, or let ICMP "fragmentation needed" pass there.`,
    ...(clampedBytes !== undefined && clampedBytes > largestBytes
      ? [
          `The agent lets TCP fill ${clampedBytes} bytes as yet. While traffic flows it finds less by itself within seconds: see edge-agent status.`,
        ]
      : []),
  ];
}
