/** A policy in a user's stack: flows that an isolated tenant allows from one of its sites to another, or to a service. */
import { Construct } from 'constructs';
import { PolicySpec } from '../../protocol/policy.ts';
import type { IsthmusResourceProps } from './props.ts';
import { declareResource } from './resource.ts';
import type { IIsthmusService } from './service.ts';
import type { IIsthmusSite } from './site.ts';

export interface IsthmusPort {
  /** 1 to 65535. */
  readonly port: number;
  /** @default 'tcp' */
  readonly protocol?: 'tcp' | 'udp';
}

export interface IsthmusPolicyProps extends IsthmusResourceProps {
  /** 1 to 32 lower-case letters, digits and hyphens, beginning with a letter. */
  readonly name: string;
  /** Whose hosts may open connections. */
  readonly from: IIsthmusSite;
  /** To all of a site, or to one service; of the same tenant as `from`. */
  readonly to: IIsthmusSite | IIsthmusService;
  /**
   * At most 32.
   * @default [] to a site every protocol and port, to a service its own port
   */
  readonly ports?: readonly IsthmusPort[];
}

export class IsthmusPolicy extends Construct {
  readonly policyName: string;

  constructor(scope: Construct, id: string, props: IsthmusPolicyProps) {
    super(scope, id);
    const { name, from, to, ports = [] } = props;
    const service = 'serviceName' in to ? to : undefined;
    const site = 'serviceName' in to ? to.site : to;
    const { connection, tenantName } = from.tenant;
    if (site.tenant.connection !== connection || site.tenant.tenantName !== tenantName)
      throw new Error(
        `${this.node.path}: a policy joins sites of one tenant; between tenants nothing flows.`,
      );
    this.policyName = name;
    declareResource(this, {
      connection,
      kind: 'Policy',
      collection: `/v1/tenants/${tenantName}/policies`,
      name,
      spec: {
        from: { site: from.siteName },
        to: { site: site.siteName, ...(service === undefined ? {} : { service: service.serviceName }) },
        ports: ports.map(({ port, protocol = 'tcp' }) => ({ protocol, port })),
      },
      schema: PolicySpec,
      removalPolicy: props.removalPolicy,
      after: [from, to],
    });
  }
}
