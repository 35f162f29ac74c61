/**
 * A log for the CDK's own small functions (they empty buckets, and the default security group). Without it each would make
 * one by itself that outlives the stack. It must be called when all constructs are there.
 */
import { CfnResource, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { LOG_RETENTION } from './function.ts';

const PROVIDER = /^Custom::.+CustomResourceProvider$/;

export function keepProviderLogs(stack: Stack): void {
  const log = new LogGroup(stack, 'ProviderLog', {
    retention: LOG_RETENTION,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  for (const provider of stack.node.children.filter(({ node }) => PROVIDER.test(node.id))) {
    const handler = provider.node.findChild('Handler');
    if (!(handler instanceof CfnResource)) throw new Error(`${handler.node.path} is no resource any more.`);
    handler.addPropertyOverride('LoggingConfig', { LogGroup: log.logGroupName });
  }
}
