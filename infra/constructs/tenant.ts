/** A tenant in a user's stack: nothing flows between two tenants, whatever their sites and addresses. */
import { Construct } from 'constructs';
import { TenantSpec } from '../../protocol/tenant.ts';
import type { IsthmusConnection } from './connection.ts';
import type { IsthmusResourceProps } from './props.ts';
import { declareResource, requireName } from './resource.ts';

/** A tenant, of this app or made elsewhere. */
export interface IIsthmusTenant {
  readonly connection: IsthmusConnection;
  readonly tenantName: string;
}

export interface IsthmusTenantProps extends IsthmusResourceProps {
  /** Its API key must be an admin key of the whole deployment. */
  readonly connection: IsthmusConnection;
  /** 1 to 32 lower-case letters, digits and hyphens, beginning with a letter; part of host names. */
  readonly name: string;
  /**
   * At most 200 characters.
   * @default ''
   */
  readonly description?: string;
  /**
   * `open`: the sites of the tenant reach each other. `isolated`: only what a policy allows.
   * @default 'open'
   */
  readonly isolation?: 'open' | 'isolated';
}

export class IsthmusTenant extends Construct implements IIsthmusTenant {
  readonly connection: IsthmusConnection;
  readonly tenantName: string;

  constructor(scope: Construct, id: string, props: IsthmusTenantProps) {
    super(scope, id);
    const { connection, name, description = '', isolation = 'open' } = props;
    this.connection = connection;
    this.tenantName = name;
    declareResource(this, {
      connection,
      kind: 'Tenant',
      collection: '/v1/tenants',
      name,
      spec: { description, isolation },
      schema: TenantSpec,
      removalPolicy: props.removalPolicy,
      after: [],
    });
  }

  /** A tenant that is made elsewhere; it is not changed. */
  static fromName(connection: IsthmusConnection, tenantName: string): IIsthmusTenant {
    requireName(connection, tenantName);
    return { connection, tenantName };
  }
}
