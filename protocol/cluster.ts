/**
 * A cluster: an orchestrator at a site, reached and driven by the edge that holds its credentials. The edge makes it
 * by attaching; the API steers who may use it and what is kept of it. Credentials never leave the site.
 */
import { z } from 'zod';
import { Address, Cidr } from './address.ts';
import { BackupSpec, EtcdStatus } from './backup.ts';
import { Labels } from './labels.ts';
import { Condition, listOf, Name, replacement, resource, Timestamp } from './metadata.ts';

/** TCP port, inside the tunnel, at which an edge's cluster proxy listens; the server name says which cluster is meant. */
export const CLUSTER_PORT = 7863;

/** Of one cluster's document: as many as a tenant and the deployment may have together. */
export const CLUSTER_BINDINGS_MAX = 500;

/** What stands before the deployment's domain in the server name of a cluster: `CLUSTER.TENANT.clusters.DOMAIN`. */
export const CLUSTER_LABEL = 'clusters';

/** What stands behind `CLUSTER.TENANT` in the public name of a cluster: with those two labels and a dot it stays within 253 characters. */
export const ClusterDomain = z
  .string()
  .regex(/^(?=.{4,180}$)(?!(.*\.)?isthmus\.internal$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, {
    message: 'Write a domain name in lower case without a dot at the end, such as clusters.example.com.',
  });

export const ClusterKind = z
  .enum(['kubernetes', 'swarm', 'mesos', 'marathon', 'docker'])
  .meta({ id: 'ClusterKind' });
export type ClusterKind = z.infer<typeof ClusterKind>;

const GROUPS_MAX = 16;
const GRANTS_MAX = 64;

/** A group name as a Kubernetes cluster knows it. Those of the cluster itself (`system:`) can't be had by Isthmus. */
export const ClusterGroup = z
  .string()
  .regex(/^(?!system:)[A-Za-z0-9][A-Za-z0-9:._/-]{0,127}$/, {
    message: 'Use letters, digits and :._/-, at most 128 characters, and no name that begins with system:.',
  })
  .meta({ id: 'ClusterGroup' });

const groupsOf = (role: string) =>
  z
    .array(ClusterGroup)
    .max(GROUPS_MAX)
    .default([`isthmus:${role}s`]);

/** Groups that a request is made as, by the role of its API key or binding; `keys` and `bindings` are in these groups instead. */
export const ClusterAccess = z
  .strictObject({
    viewer: groupsOf('viewer'),
    operator: groupsOf('operator'),
    admin: groupsOf('admin'),
    keys: z
      .array(z.strictObject({ key: z.string().max(64), groups: z.array(ClusterGroup).max(GROUPS_MAX) }))
      .max(GRANTS_MAX)
      .default([])
      .meta({ description: 'Keys of the tenant by name; an empty list of groups shuts a key out' }),
    bindings: z
      .array(z.strictObject({ binding: Name, groups: z.array(ClusterGroup).max(GROUPS_MAX) }))
      .max(GRANTS_MAX)
      .default([])
      .meta({
        description:
          'Bindings of the tenant by name, likewise; one with a role that is not built in gives no groups otherwise',
      }),
  })
  .meta({ id: 'ClusterAccess' });
export type ClusterAccess = z.infer<typeof ClusterAccess>;

export const ClusterSpec = z
  .strictObject({
    site: Name.meta({ description: 'Where it stands; set when it is attached, and not changed after' }),
    access: ClusterAccess.default(ClusterAccess.parse({})),
    record: z.enum(['none', 'exec']).default('none').meta({
      description:
        'exec: what passes through exec and attach is recorded at the site, or refused if it can not be',
    }),
    labels: Labels.default({}).meta({ description: 'What placements go by as cluster.KEY' }),
    backup: BackupSpec.optional().meta({
      description: 'Snapshots of etcd and drills of their recovery; off if absent',
    }),
  })
  .meta({ id: 'ClusterSpec' });
export type ClusterSpec = z.infer<typeof ClusterSpec>;

/** The network plugin as the edge found it, and what it means for us. */
export const ClusterNetwork = z
  .strictObject({
    plugin: z.enum([
      'calico',
      'cilium',
      'flannel',
      'weave',
      'kube-router',
      'antrea',
      'bridge',
      'isthmus',
      'unknown',
    ]),
    overlay: z.enum(['none', 'vxlan', 'ipip', 'unknown']),
    podPrefixes: z.array(Cidr).max(256),
    servicePrefix: Cidr.optional(),
    policies: z
      .enum(['enforced', 'ignored', 'unknown'])
      .meta({ description: 'What becomes of a NetworkPolicy' }),
    reachability: z.enum(['routable', 'by_service']).meta({
      description:
        'routable: pod addresses can be reached from other sites once exposed. by_service: only services can.',
    }),
    detail: z.string().max(500).meta({ description: 'How this was found, and what it means' }),
  })
  .meta({ id: 'ClusterNetwork' });
export type ClusterNetwork = z.infer<typeof ClusterNetwork>;

/** Sums over the nodes that are ready. */
export const Capacity = z
  .strictObject({ cpuMillis: z.int(), memoryMib: z.int(), pods: z.int() })
  .meta({ id: 'Capacity' });
export type Capacity = z.infer<typeof Capacity>;

/** A node as the cluster and, apart from it, the site see it (DESIGN: silence is not death). */
export const ClusterNode = z
  .strictObject({
    name: z.string().max(253),
    addresses: z.array(Address).max(8),
    ready: z.enum(['True', 'False', 'Unknown']),
    verdict: z.enum(['alive', 'cut_off', 'dead', 'unknown']).meta({
      description: 'cut_off: the API server has not heard from it, but somebody at the site has',
    }),
    evidence: z.string().max(500),
    schedulable: z.boolean(),
    version: z.string().max(64),
    capacity: Capacity,
    labels: z.record(z.string().max(317), z.string().max(63)),
  })
  .meta({ id: 'ClusterNode' });
export type ClusterNode = z.infer<typeof ClusterNode>;

/** A condition as the edge states it, without an age: the control plane dates its changes. */
export const Statement = z
  .strictObject({
    type: z.string().max(64),
    status: z.enum(['True', 'False', 'Unknown']),
    reason: z.string().max(64),
    message: z.string().max(500),
  })
  .meta({ id: 'Statement' });
export type Statement = z.infer<typeof Statement>;

/** Of one cluster; more are not told. */
export const IMAGES_MAX = 500;

/** The public name, for which the edge may have a certificate that browsers trust, and the origins of the console, whose pages alone may ask by it. */
export const ClusterBrowsers = z.strictObject({
  host: z.string().max(253),
  origins: z.array(z.string().max(300)).min(1).max(32),
});

/** The certificate that a site's edge has for browsers: whether it is good for the cluster's public name. */
export const CertificateTold = z
  .strictObject({
    state: z.enum(['served', 'absent', 'unreadable', 'other_names', 'not_yet_valid', 'expired']),
    until: Timestamp.optional(),
    detail: z.string().max(500).meta({ description: 'What was found, and what to do' }),
  })
  .meta({ id: 'CertificateTold' });
export type CertificateTold = z.infer<typeof CertificateTold>;

/** What a cluster is, as its edge last saw it. */
export const ClusterFacts = z
  .strictObject({
    certificate: CertificateTold.optional().meta({
      description: 'For browsers; told where the deployment has a domain of clusters',
    }),
    version: z.string().max(64),
    network: ClusterNetwork.optional(),
    capacity: Capacity,
    allocatable: Capacity,
    foreign: Capacity.optional().meta({
      description: 'Of that, what workloads take that are not of Isthmus; absent where it is not known',
    }),
    images: z
      .array(z.string().max(512))
      .max(IMAGES_MAX)
      .optional()
      .meta({ description: 'That some node has; absent where it is not known' }),
    rttMs: z.int().min(0).max(60_000).optional().meta({
      description: 'From its edge to the hub that it uses, and back; told beside other facts only',
    }),
    nodes: z.array(ClusterNode).max(5_000),
    statements: z.array(Statement).max(32),
    etcd: EtcdStatus.optional(),
  })
  .meta({ id: 'ClusterFacts' });
export type ClusterFacts = z.infer<typeof ClusterFacts>;

/** Whether a browser can reach the cluster's API: what terminals and live logs in the console need. */
export const BrowserAccess = z
  .strictObject({
    state: z.enum([
      'ready',
      'no_domain',
      'not_passed_on',
      'no_edge',
      'not_told',
      ...CertificateTold.shape.state.exclude(['served']).options,
    ]),
    host: z
      .string()
      .optional()
      .meta({ description: 'Its public name at the hubs, CLUSTER.TENANT.DOMAIN; absent without a domain' }),
    until: Timestamp.optional().meta({
      description: 'End of the certificate that its edge has for the name',
    }),
    detail: z.string().max(1_000).meta({ description: 'What is missing, and what to do' }),
  })
  .meta({ id: 'BrowserAccess' });
export type BrowserAccess = z.infer<typeof BrowserAccess>;

export const ClusterStatus = z
  .strictObject({
    kind: ClusterKind,
    edge: z.string().meta({ description: 'The edge that holds the credentials' }),
    host: z.string().meta({ description: 'Server name at the hubs' }),
    servers: z
      .array(z.url())
      .meta({ description: 'Hubs that pass clients through to it; any of them will do' }),
    authority: z
      .string()
      .meta({ description: "PEM of the site's authority that signed the proxy's certificate" }),
    browser: BrowserAccess,
    facts: ClusterFacts.optional(),
    observedAt: Timestamp.optional(),
    conditions: z.array(Condition),
  })
  .meta({ id: 'ClusterStatus' });
export type ClusterStatus = z.infer<typeof ClusterStatus>;
export const Cluster = resource('Cluster', ClusterSpec, ClusterStatus);
export type Cluster = z.infer<typeof Cluster>;
export const ClusterList = listOf('ClusterList', Cluster);
export const ClusterReplacement = replacement('ClusterReplacement', ClusterSpec);

/** Members of a cluster's leaf that an edge of this version takes. */
export const CLUSTER_LEAF_KNOWN = ['bindings', 'browsers', 'drills'] as const;

/**
 * `POST /v1/agent/clusters/{cluster}`, by an edge: makes the cluster, or moves it to this edge of the same site. `knows`: what its version of a document may hold
 * beside what every version knows (`CLUSTER_LEAF_KNOWN` of this one, newer ones say more); older ones refuse a document with more.
 */
export const ClusterAttachment = z
  .strictObject({
    kind: ClusterKind,
    authority: z.string().max(20_000),
    knows: z
      .array(z.string().regex(/^[a-z-]{1,32}$/))
      .max(16)
      .optional(),
  })
  .meta({ id: 'ClusterAttachment' });
export type ClusterAttachment = z.infer<typeof ClusterAttachment>;

/** What an edge must know to reach the cluster's clients and to be known by them. */
export const ClusterAttached = z
  .strictObject({ tenant: Name, site: Name, host: z.string() })
  .meta({ id: 'ClusterAttached' });
export type ClusterAttached = z.infer<typeof ClusterAttached>;
