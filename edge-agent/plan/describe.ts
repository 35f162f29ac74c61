/** Steps in words, with their reason: for `edge-agent plan` and the journal. */
import type { Step, StepKind, StepOf } from './steps.ts';

type Describe<Kind extends StepKind> = (step: StepOf<Kind>) => string;

const WORDS: { readonly [Kind in StepKind]: Describe<Kind> } = {
  loadFirewall: ({ firewall }) =>
    firewall.rules.role === 'closed'
      ? 'Close the firewall: without a document nothing passes through a tunnel.'
      : `Load firewall ${firewall.hash}, before anything else is added, so that nothing is open in between.`,
  flushConntrack: ({ prefixes }) =>
    `Forget tracked connections of ${listed(prefixes)}: addresses are translated differently from now on.`,
  setSysctl: ({ key, value }) =>
    `Set ${key} to ${value}: ${key.endsWith('ip_forward') ? 'this host forwards' : 'tunnels need it'}.`,
  createInterface: ({ name }) => `Create the device ${name}: there is none.`,
  configureInterface: ({ name, listenPort }) =>
    `Set the key of ${name}${listenPort === undefined ? '' : ` and its port ${listenPort}`}.`,
  configurePeers: ({ name, peers, reason }) =>
    reason === 'withdraw'
      ? `Take prefixes from ${count(peers.length, 'peer')} of ${name}: they are not theirs any more.`
      : `Set ${count(peers.length, 'peer')} of ${name}: ${listed(peers.map(({ publicKey }) => publicKey))}.`,
  removePeers: ({ name, publicKeys }) =>
    `Remove ${count(publicKeys.length, 'peer')} of ${name} that the document does not name: ${listed(publicKeys)}.`,
  setMtu: ({ name, mtu }) => `Set the MTU of ${name} to ${mtu} bytes.`,
  addAddress: ({ name, address }) => `Add the address ${address} to ${name}.`,
  removeAddress: ({ name, address }) =>
    `Remove the address ${address} from ${name}: it is not ours any more.`,
  raise: ({ name }) => `Raise ${name}.`,
  blockPrefix: ({ prefix }) =>
    `Make ${prefix} unreachable while no tunnel carries it, so that nothing leaks to the default route.`,
  unblockPrefix: ({ prefix }) => `Leave ${prefix} to other routes: the document does not name it.`,
  replaceRoute: ({ route }) =>
    `Route ${route.prefix} to ${route.device}${route.mtu ? ` with MTU ${route.mtu}` : ''}.`,
  removeRoute: ({ route }) =>
    `Remove the route of ${route.prefix} to ${route.device}: the document does not name it.`,
  primeTunnel: ({ name, address }) =>
    `Send one packet to ${address} by ${name}, so that the tunnel is up at once.`,
  removeInterface: ({ name }) => `Remove the device ${name}: the document does not name its hub.`,
  removeFirewall: () => 'Remove the firewall table.',
};

/** One sentence. */
export function describeStep<Kind extends StepKind>(step: StepOf<Kind> & Step): string {
  // The table is indexed by the very kind that the step has; TypeScript cannot follow that through a union.
  const describe = WORDS[step.kind] as Describe<StepKind>;
  return describe(step);
}

const LISTED_MAX = 3;

function listed(items: readonly string[]): string {
  const more = items.length - LISTED_MAX;
  return more > 0 ? `${items.slice(0, LISTED_MAX).join(', ')} and ${more} more` : items.join(', ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
