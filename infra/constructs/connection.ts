/** How a user's stack reaches the API of Isthmus. It makes nothing by itself. */
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';

export interface IsthmusConnectionProps {
  /** URL of the API without a path, `https://HOST`: the output of the Isthmus stack, or your own domain. */
  readonly url: string;
  /**
   * Secret whose whole text is an API key, `isk_...`. A key of a tenant with the role `operator` is enough for sites,
   * services, routes and policies; tenants take an admin key of the deployment.
   */
  readonly apiKey: ISecret;
  /**
   * Name of the deployment, of lower-case letters, digits and hyphens. Needed only in a stack that declares resources in
   * several deployments of Isthmus. To change it later is to declare other resources.
   * @default '' the only one
   */
  readonly deployment?: string;
}

export class IsthmusConnection extends Construct {
  readonly url: string;
  readonly apiKey: ISecret;
  readonly deployment: string;

  constructor(scope: Construct, id: string, props: IsthmusConnectionProps) {
    super(scope, id);
    this.url = props.url;
    this.apiKey = props.apiKey;
    this.deployment = props.deployment ?? '';
  }
}
