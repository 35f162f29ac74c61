/**
 * The CDK's app: `npx cdk deploy`. The bundles are made before it starts (see cdk.json). A setting that is not valid ends
 * it with one sentence, not with a stack trace.
 */
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { readSettings, readTarget, SettingsError, STACK_NAME } from './settings.ts';
import { IsthmusStack, MADE } from './stack.ts';

function main(): void {
  const app = new App();
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  const settings = readSettings(app.node.getAllContext() ?? {});
  const env = readTarget();
  if (settings.vpc !== undefined && env.account === undefined)
    throw new SettingsError(
      `The setting "vpc" needs credentials and a region: ${settings.vpc} is looked up while the template is made.`,
    );
  new IsthmusStack(app, STACK_NAME, { settings, made: MADE, env });
  app.synth();
}

try {
  main();
} catch (error) {
  if (!(error instanceof SettingsError)) throw error;
  console.error(`isthmus: ${error.message}`);
  process.exitCode = 1;
}
