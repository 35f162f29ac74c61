/** A route in a user's stack: a public HTTPS host and path at the hubs' gateway that leads to a service. */
import { createHash } from 'node:crypto';
import { Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { RouteSpec } from '../../protocol/route.ts';
import type { IsthmusResourceProps } from './props.ts';
import { declareResource } from './resource.ts';
import type { IIsthmusService } from './service.ts';

/** A name has 32 characters: 23 of the host, a hyphen, 8 of the hash. */
const HOST_LENGTH = 23;
const HASH_LENGTH = 8;

export interface IsthmusRouteProps extends IsthmusResourceProps {
  /** A TCP service; it speaks plain HTTP, and the hubs' gateway ends TLS. */
  readonly service: IIsthmusService;
  /** Public host name in lower case with at least two labels, `shop.example.com`; it belongs to the first tenant that claims it. */
  readonly host: string;
  /**
   * Path prefix of whole segments, `/shop`; the longest one wins.
   * @default '/'
   */
  readonly path?: string;
  /**
   * 1 to 32 lower-case letters, digits and hyphens, beginning with a letter.
   * @default made of the host and the path, so that a route with another host or path is another route
   */
  readonly name?: string;
}

export class IsthmusRoute extends Construct {
  readonly routeName: string;
  readonly host: string;
  readonly path: string;

  constructor(scope: Construct, id: string, props: IsthmusRouteProps) {
    super(scope, id);
    const { service, host, path = '/' } = props;
    const { tenant } = service.site;
    this.host = host;
    this.path = path;
    this.routeName = props.name ?? nameOf(this, `${host}${path}`);
    declareResource(this, {
      connection: tenant.connection,
      kind: 'Route',
      collection: `/v1/tenants/${tenant.tenantName}/routes`,
      name: this.routeName,
      spec: { host, path, service: { site: service.site.siteName, name: service.serviceName } },
      schema: RouteSpec,
      removalPolicy: props.removalPolicy,
      after: [service],
    });
  }

  /** `https://HOST/PATH`. */
  get url(): string {
    return `https://${this.host}${this.path}`;
  }
}

/** `shop-example-com-1a2b3c4d`. */
function nameOf(scope: Construct, place: string): string {
  if (Token.isUnresolved(place))
    throw new Error(
      `${scope.node.path}: give the route a name, since its host or path is known only on deployment.`,
    );
  const [host = ''] = place.split('/');
  const words = host.replaceAll('.', '-').slice(0, HOST_LENGTH).replace(/-+$/, '');
  const hash = createHash('sha256').update(place).digest('hex').slice(0, HASH_LENGTH);
  return `${/^[a-z]/.test(words) ? words : `h${words.slice(1)}`}-${hash}`;
}
