/** Signing in to a deployment: by its own user pool unless other issuers are named, and with what the functions and the page are told of it. */
import { beforeAll, describe, expect, test } from 'vitest';
import { VARIABLES } from '../../functions/aws/environment.ts';
import { signInOrigins, TrustedIssuers } from '../../protocol/sign-in.ts';
import { ofType, type Synthesized, synthesize } from './synthesized.ts';

const made: { own?: Synthesized; other?: Synthesized } = {};
const own = (): Synthesized => made.own ?? expect.fail('the stack was not synthesized');
const other = (): Synthesized => made.other ?? expect.fail('the stack was not synthesized');
const ISSUER = { issuer: 'https://login.example.com', audiences: ['https://isthmus.example.com'] };

beforeAll(() => {
  made.own = synthesize();
  made.other = synthesize({ issuers: JSON.stringify([ISSUER]) });
}, 240_000);

/** A text of the template with names in place of what only a deployment knows. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  const [[kind, of] = ['', '']] = Object.entries(Object(value));
  if (kind === 'Fn::Join' && Array.isArray(of)) return of[1].map(textOf).join(of[0]);
  if (kind === 'Fn::GetAtt' && Array.isArray(of) && of[1] === 'ProviderURL')
    return 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Pool';
  if (kind === 'Ref' && of === 'AWS::Region') return 'eu-central-1';
  if (kind === 'Ref' && of === 'AWS::URLSuffix') return 'amazonaws.com';
  if (kind === 'Ref' && typeof of === 'string') return of.toLowerCase();
  return kind.toLowerCase().replaceAll(':', '');
}

function policyOf(all: Synthesized): string {
  const [headers] = ofType(all, 'AWS::CloudFront::ResponseHeadersPolicy');
  const { SecurityHeadersConfig: config } = Object(headers?.Properties['ResponseHeadersPolicyConfig']);
  return textOf(config.ContentSecurityPolicy.ContentSecurityPolicy);
}

function issuersTold(all: Synthesized): unknown {
  const handler = ofType(all, 'AWS::Lambda::Function').find(({ id }) => id.startsWith('ApiHandler'));
  const { Variables } = Object(handler?.Properties['Environment']);
  return JSON.parse(textOf(Variables[VARIABLES.issuers]));
}

describe("the deployment's own user pool", () => {
  test('invites people, wants a long password and a second factor, and goes with the stack', () => {
    own().template.hasResource('AWS::Cognito::UserPool', {
      DeletionPolicy: 'Delete',
      Properties: {
        AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
        MfaConfiguration: 'ON',
        EnabledMfas: ['SOFTWARE_TOKEN_MFA'],
        Policies: { PasswordPolicy: { MinimumLength: 12 } },
        AccountRecoverySetting: { RecoveryMechanisms: [{ Name: 'verified_email', Priority: 1 }] },
      },
    });
  });

  test('has one client, a public one, for codes alone, that returns to the console', () => {
    const clients = ofType(own(), 'AWS::Cognito::UserPoolClient');
    expect(clients).toHaveLength(1);
    expect(clients[0]?.Properties).toMatchObject({
      GenerateSecret: false,
      AllowedOAuthFlows: ['code'],
      AllowedOAuthScopes: ['openid', 'profile', 'email'],
      SupportedIdentityProviders: ['COGNITO'],
      PreventUserExistenceErrors: 'ENABLED',
    });
    const [address] = Object(clients[0]?.Properties['CallbackURLs']);
    expect(textOf(address)).toMatch(/^https:\/\/fngetatt\/signed-in$/);
    expect(JSON.stringify(clients[0]?.Properties)).not.toMatch(/USER_PASSWORD|USER_SRP|implicit/);
  });

  test('has a group for each built-in role, which the estate binds', () => {
    const groups = ofType(own(), 'AWS::Cognito::UserPoolGroup');
    expect(groups.map(({ Properties }) => Properties['GroupName']).toSorted()).toEqual([
      'admin',
      'operator',
      'viewer',
    ]);
    own().template.hasResourceProperties('Custom::IsthmusEstate', {
      issuer: {
        'Fn::GetAtt': [expect.any(String) && ofType(own(), 'AWS::Cognito::UserPool')[0]?.id, 'ProviderURL'],
      },
    });
  });

  test('is told to the functions as an issuer that they take, and to the page as what it may ask', () => {
    const [issuer, ...rest] = TrustedIssuers.parse(issuersTold(own()));
    expect(rest).toEqual([]);
    expect(issuer).toMatchObject({
      kind: 'people',
      audienceClaim: 'client_id',
      groupsClaim: 'cognito:groups',
      algorithms: ['RS256'],
    });
    expect(issuer?.audiences).toEqual([issuer?.clients.console]);
    const origins = signInOrigins(issuer === undefined ? [] : [issuer]);
    expect(origins).toHaveLength(2);
    for (const origin of origins) expect(policyOf(own())).toContain(` ${origin}`);
    expect(policyOf(own()).match(/https:/g)).toHaveLength(2);
  });
});

test('issuers that are named take the place of the user pool', () => {
  expect(ofType(other(), 'AWS::Cognito::UserPool')).toEqual([]);
  expect(issuersTold(other())).toEqual([ISSUER]);
  expect(policyOf(other())).not.toContain('https:');
  const [estate] = ofType(other(), 'Custom::IsthmusEstate');
  expect(estate?.Properties).not.toHaveProperty('issuer');
});
