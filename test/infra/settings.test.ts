/** What may be chosen at deployment, and how a slip is answered. */
import { describe, expect, test } from 'vitest';
import { POOL_DEFAULT, readSettings, readTarget, SETTING_NAMES } from '../../infra/settings.ts';

describe('settings', () => {
  test('none is needed', () => {
    expect(SETTING_NAMES).toEqual(['domain', 'vpc', 'pools', 'issuers', 'clusterDomain', 'audit']);
    expect(readSettings({})).toEqual({ pools: POOL_DEFAULT });
  });

  test('all three are read', () => {
    const context = {
      domain: 'apps.example.com',
      vpc: 'vpc-0123456789abcdef0',
      pools: '100.64.0.0/11, 10.64.0.0/12',
    };
    expect(readSettings(context)).toEqual({ ...context, pools: '100.64.0.0/11,10.64.0.0/12' });
  });

  test("the CDK's own context is none of ours", () => {
    expect(readSettings({ 'aws:cdk:bundling-stacks': [], '@aws-cdk/core:x': true })).toEqual({
      pools: POOL_DEFAULT,
    });
  });

  test.each([
    [
      { vcp: 'vpc-12345678' },
      'There is no setting "vcp"; there are: domain, vpc, pools, issuers, clusterDomain, audit.',
    ],
    [{ vpc: 'my-vpc' }, 'The setting "vpc" is not valid. Write the id of a VPC'],
    [{ domain: 'Apps.Example.com' }, 'The setting "domain" is not valid. Write a domain name in lower case'],
    [{ domain: 'localhost' }, 'The setting "domain" is not valid.'],
    [{ issuers: 'https://login.example.com' }, 'Write a JSON list of issuers'],
    [
      { issuers: '[{"issuer":"http://login.example.com","audiences":["a"]}]' },
      'At 0.issuer: Write an https:// URL.',
    ],
    [{ pools: '' }, 'An empty text is no IPv4 prefix'],
    [{ pools: '100.64.0.1/10' }, '100.64.0.1/10 is no IPv4 prefix'],
    [{ pools: '100.64.0.0/17' }, '100.64.0.0/17: a pool has a length from /8 to /16.'],
    [{ pools: '127.0.0.0/8' }, "127.0.0.0/8 can't be a pool: it overlaps loopback."],
    [{ pools: '169.254.0.0/16' }, "can't be a pool: it overlaps link-local"],
    [{ pools: '100.64.0.0/10,100.65.0.0/16' }, 'Pools must not overlap each other.'],
    [{ pools: Array(5).fill('10.0.0.0/16').join(',') }, 'There may be at most 4 pools.'],
  ])('%j is refused with a sentence', (context, sentence) => {
    expect(() => readSettings(context)).toThrow(sentence);
  });

  test('account and region are named only together', () => {
    expect(readTarget({ CDK_DEFAULT_ACCOUNT: '123456789012' })).toEqual({});
    expect(readTarget({ CDK_DEFAULT_ACCOUNT: '123456789012', CDK_DEFAULT_REGION: 'eu-central-1' })).toEqual({
      account: '123456789012',
      region: 'eu-central-1',
    });
  });
});
