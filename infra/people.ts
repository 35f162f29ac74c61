/**
 * Where people sign in unless the deployment is told of other issuers: a Cognito user pool with a public client for the console, and a group for each built-in role. Who is in a group
 * is decided in the pool; what a group may do, by bindings of the control plane.
 */
import { Aws, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AccountRecovery,
  FeaturePlan,
  Mfa,
  OAuthScope,
  UserPool,
  UserPoolClient,
  type UserPoolDomain,
  UserPoolGroup,
} from 'aws-cdk-lib/aws-cognito';
import { Construct } from 'constructs';
import { ROLES } from '../protocol/key.ts';
import { accept } from './nag.ts';

const PASSWORD_LENGTH_MIN = 12;
const INVITATION_DAYS = 3;
/** A token can't be taken back at the issuer; what it gives here can, at once. */
const TOKEN_HOURS = 1;
const RETURN_PATH = '/signed-in';

export class People extends Construct {
  readonly pool: UserPool;
  readonly issuer: string;
  /** What the console asks: the issuer's configuration, and its domain's tokens. */
  readonly origins: readonly string[];
  private readonly domain: UserPoolDomain;

  constructor(scope: Construct, id: string) {
    super(scope, id);
    this.pool = userPool(this);
    accept(this.pool, 'poolWithoutThreatProtection');
    for (const role of ROLES)
      new UserPoolGroup(this, role, {
        userPool: this.pool,
        groupName: role,
        description: `Isthmus: ${role} of the whole deployment, unless its binding was changed there`,
      });
    this.domain = this.pool.addDomain('Domain', { cognitoDomain: { domainPrefix: uniquePrefix() } });
    this.issuer = this.pool.userPoolProviderUrl;
    this.origins = [`https://cognito-idp.${Aws.REGION}.${Aws.URL_SUFFIX}`, this.domain.baseUrl()];
  }

  /** The console's client, and with it what the functions must know of this issuer, as JSON. */
  admit(consoleUrl: string): string {
    const client = new UserPoolClient(this, 'Console', {
      userPool: this.pool,
      generateSecret: false,
      // Named, because none named means Cognito's own choice, which has more.
      authFlows: { userSrp: false },
      oAuth: {
        flows: { authorizationCodeGrant: true, implicitCodeGrant: false },
        scopes: [OAuthScope.OPENID, OAuthScope.PROFILE, OAuthScope.EMAIL],
        callbackUrls: [`${consoleUrl}${RETURN_PATH}`],
        logoutUrls: [`${consoleUrl}/`],
      },
      accessTokenValidity: Duration.hours(TOKEN_HOURS),
      idTokenValidity: Duration.hours(TOKEN_HOURS),
      preventUserExistenceErrors: true,
      enableTokenRevocation: true,
    });
    const { userPoolClientId: clientId } = client;
    return Stack.of(this).toJsonString([
      {
        issuer: this.issuer,
        // Cognito's access tokens name the client in place of an audience.
        audienceClaim: 'client_id',
        audiences: [clientId],
        algorithms: ['RS256'],
        nameClaim: 'username',
        groupsClaim: 'cognito:groups',
        clients: { console: clientId },
        scopes: ['openid', 'profile', 'email'],
        endpoints: [this.domain.baseUrl()],
      },
    ]);
  }
}

/** Nobody comes in by himself: people are invited, and have a second factor. */
function userPool(scope: Construct): UserPool {
  return new UserPool(scope, 'Pool', {
    selfSignUpEnabled: false,
    signInAliases: { username: true, email: true },
    autoVerify: { email: true },
    accountRecovery: AccountRecovery.EMAIL_ONLY,
    mfa: Mfa.REQUIRED,
    mfaSecondFactor: { otp: true, sms: false },
    passwordPolicy: {
      minLength: PASSWORD_LENGTH_MIN,
      requireLowercase: true,
      requireUppercase: true,
      requireDigits: true,
      requireSymbols: true,
      tempPasswordValidity: Duration.days(INVITATION_DAYS),
    },
    featurePlan: FeaturePlan.ESSENTIALS,
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

/** Names of domains are shared by all accounts of a region. The stack's own number tells nothing of the account. */
function uniquePrefix(): string {
  return `isthmus-${Fn.select(2, Fn.split('/', Aws.STACK_ID))}`;
}
