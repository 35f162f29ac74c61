/** What the props of every kind have. It must not import what users do not have, since the package ships its types. */
import type { RemovalPolicy } from 'aws-cdk-lib';

export interface IsthmusResourceProps {
  /**
   * What becomes of the resource in Isthmus when it leaves the stack. RETAIN leaves it as it is.
   * @default RemovalPolicy.DESTROY
   */
  readonly removalPolicy?: RemovalPolicy;
}
