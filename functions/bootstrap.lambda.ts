/** Custom resources of our own stack: its keys, and the estate that it begins with. Composition only. */
import { RELEASE } from '../protocol/version.ts';
import { createApi } from './api/app.ts';
import { createBootstrap } from './aws/bootstrap.ts';
import { makeEstate } from './aws/bootstrap-estate.ts';
import { makeKeys, publicKeyReader } from './aws/bootstrap-keys.ts';
import { systemClock as clock } from './aws/clock.ts';
import { createCustomResource } from './aws/custom-resource.ts';
import { readEnvironment } from './aws/environment.ts';
import { factsOf } from './aws/facts.ts';
import { openKeeper } from './aws/keeper.ts';
import { logFailure } from './aws/log.ts';
import { queuedElsewhere } from './aws/messages.ts';
import { createSecrets } from './aws/secrets.ts';
import { openTable } from './aws/table.ts';

const own = readEnvironment(process.env, ['table', 'pools', 'region']);
// The signing roots come about here, and nothing that is made here asks for them.
const deployment = factsOf({ ...own, roots: [] });
const blobs = { get: async () => undefined };
const table = openTable(own.table);
const secrets = createSecrets();
const api = createApi({
  ...table,
  clock,
  deployment,
  version: RELEASE,
  blobs,
  tokenSecret: () => Promise.reject(new Error('Nothing that is made here has a secret of its own.')),
  installLine: () => '',
  messages: queuedElsewhere,
  onFailure: logFailure,
});
const steps = createBootstrap({
  makeKeys: (wanted) => makeKeys({ secrets, clock, publicKeyOf: publicKeyReader() }, wanted),
  makeEstate: (wanted) => makeEstate({ store: table.store, clock, secrets, api }, wanted),
  keeper: openKeeper({ ...table, blobs, deployment, region: own.region }),
});
export const handler = createCustomResource(steps);
