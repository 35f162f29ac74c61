/** What a person can do about a condition, by its reason. A reason that says it itself, or that passes by itself, has none. */

const REMEDIES: Readonly<Record<string, string>> = {
  NotApproved: 'Approve it: set approved to true (console, or PUT the edge).',
  WaitingForApproval: 'Approve it: set approved to true (console, or PUT the edge).',
  Quarantined: 'Lift the quarantine when the host can be trusted again.',
  NoHub: 'Install a hub: create one, a token for it, and run the installer line.',
  HubSilent: 'On the hub: edge-agent doctor. Traffic may well flow meanwhile.',
  NoHandshake: 'On the edge: edge-agent doctor. See that UDP to the hubs leaves its network.',
  NoPrefixes: 'Name prefixes of the site, or let its edge advertise some.',
  NoEdge: 'Create a token for the site, and run the installer line on a host there.',
  NoApprovedEdge: 'Approve an edge of the site, or lift its quarantine.',
  WaitingForAgent: 'Create a token for the hub, and run the installer line on its host.',
  NeverHeard: 'See that the agent runs on its host: edge-agent status.',
  NoReport: 'See that the agent runs on its host: edge-agent status.',
  Behind: 'It fetches by itself. If it stays so: edge-agent doctor on its host.',
  Refused: 'Correct what the reason names; the next document is tried by itself.',
  RolledBack:
    'Correct what the message names: the document cut the host off, and the one before is in force.',
  EdgeSilent: 'The edge of the cluster is not heard: see its own conditions, then edge-agent doctor there.',
  NeverTold: 'The edge has not told of it yet: isthmus describe edge NAME, then edge-agent doctor there.',
  NoRoute: 'See that the edge reaches the API server or engines of the cluster.',
  NoAnswer: 'See that the API server or the engines of the cluster run.',
  Forbidden: "Renew the edge's rights in the cluster: infra/kubernetes/isthmus.yaml.",
  Expired: 'Add the cluster again with fresh credentials: edge-agent cluster add.',
  NotReady: 'isthmus describe shows which nodes, and the evidence.',
  NoRoom: 'isthmus apps NAME says why no cluster takes it: add room, or loosen its placement.',
  NotExposed: "Name the address's prefix among the site's, within its allotment.",
  NoEndpoint: 'No container is ready where others reach it: isthmus apps NAME.',
  Exhausted: 'Add a range to the pool, or delete apps that hold addresses.',
};

export function remedyOf(reason: string): string {
  return REMEDIES[reason] ?? '';
}
