/** The app of the emulated stack, for `cdk deploy --app`; the estate comes as JSON in ISTHMUS_EMULATED. */
import { App } from 'aws-cdk-lib';
import { type EmulatedEstate, EmulatedStack } from './emulated-stack.ts';

interface Emulated {
  readonly estate: EmulatedEstate;
  readonly environment: Readonly<Record<string, string>>;
  readonly bundles: string;
}

// Written by the test that starts this process.
const emulated = JSON.parse(process.env['ISTHMUS_EMULATED'] ?? '') as Emulated;
const app = new App();
new EmulatedStack(app, 'IsthmusEmulated', emulated);
app.synth();
