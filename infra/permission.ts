/** How a role is given a permission: each action by its name, on exactly these resources. It grants nothing by itself. */
import { Effect, type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';

export interface Permission {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

export function allow(role: IGrantable, permission: Permission): void {
  role.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      effect: Effect.ALLOW,
      actions: [...permission.actions],
      resources: [...permission.resources],
      ...(permission.conditions === undefined ? {} : { conditions: permission.conditions }),
    }),
  );
}
