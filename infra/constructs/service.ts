/** A service in a user's stack: a name for an address at a site. */
import type { CustomResource } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ServiceSpec } from '../../protocol/service.ts';
import type { IsthmusResourceProps } from './props.ts';
import { declareResource, requireName } from './resource.ts';
import type { IIsthmusSite } from './site.ts';

/** A service, of this app or made elsewhere. */
export interface IIsthmusService {
  readonly site: IIsthmusSite;
  readonly serviceName: string;
}

export interface IsthmusServiceProps extends IsthmusResourceProps {
  readonly site: IIsthmusSite;
  /** 1 to 32 lower-case letters, digits and hyphens, beginning with a letter; the first label of its host name. */
  readonly name: string;
  /** Real IPv4 address, `10.1.0.10`, inside an exposed prefix of the site. */
  readonly address: string;
  /** 1 to 65535. */
  readonly port: number;
  /** @default 'tcp' */
  readonly protocol?: 'tcp' | 'udp';
}

export class IsthmusService extends Construct implements IIsthmusService {
  readonly site: IIsthmusSite;
  readonly serviceName: string;
  readonly #resource: CustomResource;

  constructor(scope: Construct, id: string, props: IsthmusServiceProps) {
    super(scope, id);
    const { site, name, address, port, protocol = 'tcp' } = props;
    this.site = site;
    this.serviceName = name;
    this.#resource = declareResource(this, {
      connection: site.tenant.connection,
      kind: 'Service',
      collection: `/v1/tenants/${site.tenant.tenantName}/sites/${site.siteName}/services`,
      name,
      spec: { address, port, protocol },
      schema: ServiceSpec,
      removalPolicy: props.removalPolicy,
      after: [site],
    });
  }

  /** A service that is made elsewhere; it is not changed. */
  static fromName(site: IIsthmusSite, serviceName: string): IIsthmusService {
    requireName(site.tenant.connection, serviceName);
    return { site, serviceName };
  }

  /** `SERVICE.SITE.TENANT.isthmus.internal`, known on deployment, so that what uses it waits for the service. */
  get hostname(): string {
    return this.#resource.getAttString('Hostname');
  }

  /** Address at which other sites reach it, known on deployment; empty while no exposed prefix holds the real one. */
  get virtualAddress(): string {
    return this.#resource.getAttString('VirtualAddress');
  }
}
