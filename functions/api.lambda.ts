/** The API as a function behind API Gateway: composition only. */
import { RELEASE } from '../protocol/version.ts';
import { createApi } from './api/app.ts';
import { createBlobs } from './aws/blobs.ts';
import { systemClock } from './aws/clock.ts';
import { openDoor } from './aws/door.ts';
import { readDownloads } from './aws/downloads.ts';
import { API_KEYS, readEnvironment } from './aws/environment.ts';
import { factsOf } from './aws/facts.ts';
import { createHttpHandler } from './aws/http.ts';
import { createIdentify } from './aws/identify.ts';
import { logFailure } from './aws/log.ts';
import { queuedElsewhere } from './aws/messages.ts';
import { createSecrets, keptSecret } from './aws/secrets.ts';
import { openTable } from './aws/table.ts';
import { installerRoute, installLine } from './installer/installer.ts';

const own = readEnvironment(process.env, API_KEYS);
const deployment = factsOf(own);
const api = createApi({
  ...openTable(own.table),
  blobs: createBlobs(own.leaves),
  clock: systemClock,
  deployment,
  version: RELEASE,
  ...openDoor(own.issuers),
  tokenSecret: keptSecret(createSecrets(), own.tokenSecret, systemClock),
  identify: createIdentify({ endpoint: own.stsEndpoint }),
  installLine: ({ origin, ...wanted }) => installLine({ url: origin, certificate: '', own: false }, wanted),
  messages: queuedElsewhere,
  onFailure: logFailure,
});
const { roots } = deployment;
const settings = { downloads: own.downloads, authority: undefined, roots, version: RELEASE };
const installer = installerRoute({
  settings: (request) => ({ ...settings, url: new URL(request.url).origin }),
  ...readDownloads(new URL('.', import.meta.url)),
});
export const handler = createHttpHandler({ installer, api });
