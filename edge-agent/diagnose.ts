/**
 * What is wrong, from the status of the running agent: one finding a check, with a stable code and what to do. Pure: the
 * status in, the findings out. What the host itself shows is judged in `doctor.ts`.
 */
import { CLOCK_TOLERANCE_SECONDS } from '../protocol/enrolment.ts';
import type { Finding } from '../protocol/report.ts';
import { MTU_SIZES } from './plan/mtu.ts';
import { type PeerStatus, type Status, versionText } from './status.ts';

const TEXT_MAX = 480;
const DOCUMENT_AGE_SECONDS = 3_600;
/** So long after its start the agent does not complain of hubs that it has just begun to probe. */
const START_SECONDS = 10;
const RESIDENT_BYTES_MAX = 160_000_000;
/** What the clients of a cloud account take beside that. */
const CLOUD_BYTES = 100_000_000;

export function diagnose(status: Status): Finding[] {
  return [
    reachable(status),
    admitted(status),
    root(status),
    clock(status),
    documentAge(status),
    documentRefused(status),
    ledger(status),
    applied(status),
    memory(status),
    implementation(status),
    ...(status.role === 'edge' ? status.peers.flatMap((hub) => hubChecks(hub, status.uptimeSeconds)) : []),
    ...status.names.map(listening),
    ...status.findings,
  ].map(shortened);
}

export function ok(code: string, message: string): Finding {
  return { code, level: 'ok', message, fix: '' };
}

export function finding(
  level: 'warning' | 'error',
  code: string,
  texts: { message: string; fix: string },
): Finding {
  return { code, level, ...texts };
}

function shortened(one: Finding): Finding {
  return { ...one, message: one.message.slice(0, TEXT_MAX), fix: one.fix.slice(0, TEXT_MAX) };
}

function reachable({ controlPlane }: Status): Finding {
  const code = 'control_plane.reachable';
  if (controlPlane.state === 'reachable' || controlPlane.state === 'denied')
    return ok(code, `${controlPlane.url} answers.`);
  if (controlPlane.state === 'unknown') return ok(code, `${controlPlane.url} has not been asked yet.`);
  const isTls = /CERT|SELF_SIGNED|TLS|SSL|ALTNAME/.test(controlPlane.code ?? '');
  return finding('error', isTls ? 'control_plane.certificate' : code, {
    message:
      `${controlPlane.url} does not answer: ${controlPlane.code ?? ''} ${controlPlane.reason ?? ''}`.trim(),
    fix: isTls
      ? 'What answers there does not hold a certificate that this host trusts. If the certificate was replaced on purpose, put the new authority into agent.json (ca).'
      : 'See that this host reaches the address and port by HTTPS. Traffic goes on by the last document meanwhile.',
  });
}

function admitted({ controlPlane, agent }: Status): Finding {
  const code = 'control_plane.admitted';
  if (controlPlane.state === 'denied')
    return finding('error', code, {
      message: `The control plane does not know ${agent} (any more): ${controlPlane.reason ?? ''}`,
      fix: 'The last document stays in force. If the agent was removed by mistake, enrol it with a new token; otherwise run teardown.',
    });
  if (controlPlane.state === 'reachable' && controlPlane.code === 'not_found')
    return finding('warning', 'agent.approved', {
      message: `There is no document for ${agent} yet.`,
      fix: 'Approve the edge by the API (PUT .../edges/NAME with approved: true); nothing need be done here.',
    });
  return ok(code, 'The control plane knows this agent.');
}

/** Somebody else speaks under the control plane's name, or the signing root was changed without overlap. */
function root({ document, controlPlane }: Status): Finding {
  const code = 'control_plane.root';
  const reason = document.refused?.reason ?? '';
  if (/^(unknown_root|bad_signature|manifest_altered|leaf_altered|other_agent)/.test(reason))
    return finding('error', code, {
      message: `A document was refused, because no pinned signing root speaks for it: ${reason}`,
      fix: `Compare the deployment's signing roots with those pinned here (${controlPlane.roots.join(', ')}). If they differ without your doing, somebody else answers under this name. Nothing of it was applied.`,
    });
  return ok(code, `Documents are signed by a pinned root (${controlPlane.roots.join(', ')}).`);
}

function clock({ controlPlane }: Status): Finding {
  const offset = controlPlane.clockOffsetSeconds;
  if (Math.abs(offset) < CLOCK_TOLERANCE_SECONDS / 2)
    return ok('clock.offset', 'The clock agrees with the control plane.');
  return finding('warning', 'clock.offset', {
    message: `The clock of this host is ${offset > 0 ? 'behind' : 'ahead'} by about ${Math.round(Math.abs(offset) / 10) * 10} s; requests allow for it.`,
    fix: 'Set up time synchronisation (NTP) on this host.',
  });
}

function documentAge({ document }: Status): Finding {
  const age = document.checkedAgeSeconds;
  if (document.newest === undefined)
    return finding('warning', 'document.age', {
      message: 'There is no document yet, so there is no tunnel.',
      fix: 'See that the agent is approved and that the control plane answers.',
    });
  if (age === undefined || age > DOCUMENT_AGE_SECONDS)
    return finding('warning', 'document.age', {
      message: `The document could not be checked for ${age === undefined ? 'as long as the agent runs' : `${Math.round(age / 60)} minutes`}.`,
      fix: 'It stays in force. See control_plane.reachable.',
    });
  return ok('document.age', `Document ${versionText(document.newest)} was checked ${Math.round(age)} s ago.`);
}

function documentRefused({ document }: Status): Finding {
  const { refused } = document;
  if (refused === undefined) return ok('document.refused', 'No document was refused.');
  return finding('error', 'document.refused', {
    message: `Document ${versionText(refused)} is not applied: ${refused.reason}`,
    fix: 'Correct what the reason names in the desired state; the next document is tried by itself.',
  });
}

function ledger({ document }: Status): Finding {
  if (document.tornFiles.length === 0) return ok('ledger.whole', 'The ledger is whole.');
  return finding('warning', 'ledger.whole', {
    message: `${document.tornFiles.join(', ')} could not be read; the older copy was used.`,
    fix: 'Check the disk. The file is written anew with the next document.',
  });
}

function applied({ pass }: Status): Finding {
  const code = 'document.applied';
  if (pass?.failure === undefined) return ok(code, 'The host is as the document says.');
  return finding('error', code, {
    message: `A step failed: ${pass.failure}`,
    fix: 'It is tried again by itself; the message names what this host refused.',
  });
}

function memory({ residentBytes, ownership }: Status): Finding {
  const text = `The agent uses ${Math.round(residentBytes / 1_000_000)} MB.`;
  const mostBytes = RESIDENT_BYTES_MAX + (ownership === undefined ? 0 : CLOUD_BYTES);
  if (residentBytes <= mostBytes) return ok('agent.memory', text);
  return finding('warning', 'agent.memory', {
    message: 'The agent uses more than twice the memory that it should.',
    fix: 'Restart it: traffic does not stop.',
  });
}

function implementation({ implementation: which }: Status): Finding {
  if (which === undefined)
    return finding('error', 'wireguard.implementation', {
      message: 'No pass over this host has succeeded yet.',
      fix: 'See document.applied and the log.',
    });
  return ok(
    'wireguard.implementation',
    which === 'kernel' ? "The kernel's WireGuard." : 'wireguard-go, in user space.',
  );
}

function hubChecks(hub: PeerStatus, uptimeSeconds: number): Finding[] {
  return [tunnel(hub, uptimeSeconds), ...mtu(hub)];
}

/** A fresh handshake without answers means that one direction is open: named, because it looks healthy elsewhere. */
function tunnel(hub: PeerStatus, uptimeSeconds: number): Finding {
  const code = `tunnel.${hub.name}`;
  if (hub.state === 'unknown' && uptimeSeconds < START_SECONDS)
    return ok(code, `${hub.name} is being tried.`);
  if (hub.state === 'up') return ok(code, `${hub.name} answers.`);
  const sends = (hub.sentBytes ?? 0) > 0 && (hub.receivedBytes ?? 0) === 0;
  return finding('error', code, {
    message: `${hub.name} (${hub.endpoint ?? 'no endpoint'}) does not answer probes${sends ? '; nothing was ever received from it' : ''}.`,
    fix: `See that UDP to ${hub.endpoint ?? 'the hub'} leaves this network and that answers come back, and that the hub runs.`,
  });
}

function mtu(hub: PeerStatus): Finding[] {
  const [largest] = MTU_SIZES;
  const code = `mtu.${hub.name}`;
  if (hub.state !== 'up' || hub.mtuBytes === undefined || !hub.isMtuMeasured) return [];
  if (hub.mtuBytes === largest) return [ok(code, `Packets of ${largest} bytes get through.`)];
  return [
    finding('warning', code, {
      message: `An MTU black hole on the way to ${hub.name}: packets of more than ${hub.mtuBytes} bytes vanish; the tunnel uses ${hub.mtuBytes}.`,
      fix: 'Nothing need be done. To get the full size, let ICMP "fragmentation needed" pass, or raise the MTU of the link.',
    }),
  ];
}

function listening({ address, state, reason }: Status['names'][number]): Finding {
  if (state === 'listening') return ok('dns.listening', `Names are answered on ${address}.`);
  return finding('error', 'dns.listening', {
    message: `Names cannot be answered on ${address}: ${reason ?? 'unknown'}`,
    fix: 'Another name server may hold port 53: stop it, or name other addresses in agent.json (namesListen).',
  });
}
