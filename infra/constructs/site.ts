/** A site in a user's stack: a data center or a VPC with the prefixes that it exposes. */
import { Fn } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { SiteSpec } from '../../protocol/site.ts';
import type { IsthmusResourceProps } from './props.ts';
import { declareResource, requireName } from './resource.ts';
import type { IIsthmusTenant } from './tenant.ts';

/** A site, of this app or made elsewhere. */
export interface IIsthmusSite {
  readonly tenant: IIsthmusTenant;
  readonly siteName: string;
}

export interface IsthmusSiteProps extends IsthmusResourceProps {
  readonly tenant: IIsthmusTenant;
  /** 1 to 32 lower-case letters, digits and hyphens, beginning with a letter; part of host names. */
  readonly name: string;
  /** @default 'datacenter' */
  readonly kind?: 'datacenter' | 'vpc';
  /**
   * Real IPv4 prefixes that the site may ever expose, `10.0.0.0/8`, host bits zero; 1 to 64. What an edge advertises
   * outside is refused.
   */
  readonly allotment: readonly string[];
  /**
   * Real IPv4 prefixes exposed now, at most /16 wide, inside the allotment, disjoint; at most 64. Edges may advertise more.
   * @default [] none
   */
  readonly prefixes?: readonly string[];
  /**
   * `routed`: hosts of the LAN have a route for the virtual pools to the edge. `masquerade`: they need none, and see
   * the edge as source.
   * @default 'routed'
   */
  readonly lan?: 'routed' | 'masquerade';
  /**
   * Names of sites of the tenant to reach by real addresses, without translation. It takes effect when both ask.
   * @default [] none
   */
  readonly native?: readonly string[];
}

export class IsthmusSite extends Construct implements IIsthmusSite {
  readonly tenant: IIsthmusTenant;
  readonly siteName: string;
  /** Virtual prefixes, a list known on deployment: those of `prefixes` in their order, then those of edges' adverts. */
  readonly virtualPrefixes: string[];
  readonly #prefixes: readonly string[];

  constructor(scope: Construct, id: string, props: IsthmusSiteProps) {
    super(scope, id);
    const {
      tenant,
      name,
      allotment,
      prefixes = [],
      kind = 'datacenter',
      lan = 'routed',
      native = [],
    } = props;
    this.tenant = tenant;
    this.siteName = name;
    this.#prefixes = prefixes;
    const resource = declareResource(this, {
      connection: tenant.connection,
      kind: 'Site',
      collection: `/v1/tenants/${tenant.tenantName}/sites`,
      name,
      spec: { kind, allotment: [...allotment], prefixes: [...prefixes], lan, native: [...native] },
      schema: SiteSpec,
      removalPolicy: props.removalPolicy,
      after: [tenant],
    });
    this.virtualPrefixes = Fn.split(',', resource.getAttString('VirtualPrefixes'));
  }

  /** A site that is made elsewhere; it is not changed. */
  static fromName(tenant: IIsthmusTenant, siteName: string): IIsthmusSite {
    requireName(tenant.connection, siteName);
    return { tenant, siteName };
  }

  /** The virtual prefix of one of `prefixes`, known on deployment: of the same length, and the site's own for life. */
  virtualPrefixOf(prefix: string): string {
    const index = this.#prefixes.indexOf(prefix);
    if (index === -1)
      throw new Error(`${this.node.path}: ${prefix} is none of its prefixes (${this.#prefixes.join(', ')}).`);
    return Fn.select(index, this.virtualPrefixes);
  }
}
