/** The client's types are those of the API that runs: made of its OpenAPI document, and never edited. `npm run client` makes them anew. */
import openapi, { astToString } from 'openapi-typescript';
import { expect, test } from 'vitest';
import { createBench } from '../functions/api/bench.ts';

const HEADER = `/** What the API takes and answers, made of its OpenAPI document by \`npm run client\`. Do not edit. */\n`;

test('the client knows the API as it is', async () => {
  const bench = await createBench();
  const { json } = await bench.call('GET', '/openapi.json', { key: null });
  const types = await openapi(JSON.stringify(json), { alphabetize: true, rootTypes: false });
  await expect(HEADER + astToString(types)).toMatchFileSnapshot('../../client/paths.ts');
});
