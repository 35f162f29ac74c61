/** The console as it is deployed: which addresses get its page, and how long its files are kept. */
import { createContext, runInContext } from 'node:vm';
import { beforeAll, describe, expect, test } from 'vitest';
import { contentSecurityPolicy } from '../../console/headers.ts';
import { SCREENS } from '../../infra/console.ts';
import { ofType, type Synthesized, synthesize } from './synthesized.ts';

const ISSUER = {
  issuer: 'https://login.example.com/realms/main',
  audiences: ['https://isthmus.example.com'],
  clients: { console: 'isthmus-console' },
};
const made: { all?: Synthesized } = {};
const all = (): Synthesized => made.all ?? expect.fail('the stack was not synthesized');

beforeAll(() => {
  made.all = synthesize({ issuers: JSON.stringify([ISSUER]) });
}, 120_000);

/** What CloudFront asks its cache for, run as CloudFront runs it: a script that leaves a function behind. */
function askedFor(uri: string): unknown {
  const context = createContext({ event: { request: { uri } } });
  return runInContext(`${SCREENS}; handler(event).uri`, context);
}

describe('addresses', () => {
  test('of screens are answered with the page, those of files and programs with what lies there', () => {
    for (const uri of [
      '/',
      '/index.html',
      '/events',
      '/tenants/acme',
      '/tenants/a.b',
      '/signed-in',
      '/v1nothing',
    ])
      expect([uri, askedFor(uri)]).toEqual([uri, '/index.html']);
    for (const uri of ['/assets/main-ABCDEFGH.js', '/install/agent.mjs', '/v1/tenants', '/openapi.json'])
      expect([uri, askedFor(uri)]).toEqual([uri, uri]);
  });

  test('are told to CloudFront before its cache, and only where files are', () => {
    const [screens] = ofType(all(), 'AWS::CloudFront::Function');
    expect(screens?.Properties).toMatchObject({
      AutoPublish: true,
      FunctionCode: SCREENS,
      FunctionConfig: { Runtime: 'cloudfront-js-2.0' },
    });
    const [distribution] = ofType(all(), 'AWS::CloudFront::Distribution');
    const { DefaultCacheBehavior, CacheBehaviors } = Object(distribution?.Properties['DistributionConfig']);
    expect(DefaultCacheBehavior.FunctionAssociations).toEqual([
      { EventType: 'viewer-request', FunctionARN: { 'Fn::GetAtt': [screens?.id, 'FunctionARN'] } },
    ]);
    for (const behavior of CacheBehaviors) expect(behavior.FunctionAssociations).toBeUndefined();
  });
});

describe('files', () => {
  const uploads = () =>
    Object.fromEntries(
      ofType(all(), 'Custom::CDKBucketDeployment').map(({ id, Properties, DependsOn }) => [
        id.replace(/^Console|CustomResource.*$/g, ''),
        { ...Properties, DependsOn },
      ]),
    );

  test('of assets keep for a year and stay after an update, and are there before the page that names them', () => {
    const { UploadAssets, UploadPage } = uploads();
    expect(UploadAssets).toMatchObject({
      Exclude: ['*'],
      Include: ['assets/*'],
      Prune: false,
      SystemMetadata: { 'cache-control': 'max-age=31536000, immutable' },
    });
    expect(UploadPage).toMatchObject({
      Exclude: ['install/*', 'assets/*'],
      Include: ['assets/icon.svg'],
      SystemMetadata: { 'cache-control': 'no-cache' },
    });
    expect(JSON.stringify(UploadPage)).toMatch(/"DependsOn":\[[^\]]*ConsoleUploadAssets/);
  });
});

test('the page may ask the issuer for tokens, by the very policy of one machine', () => {
  const [headers] = ofType(all(), 'AWS::CloudFront::ResponseHeadersPolicy');
  const { SecurityHeadersConfig: config } = Object(headers?.Properties['ResponseHeadersPolicyConfig']);
  expect(config.ContentSecurityPolicy.ContentSecurityPolicy).toBe(
    contentSecurityPolicy(['https://login.example.com']),
  );
});
