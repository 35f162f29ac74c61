/**
 * The console's files and the installer's downloads: a private bucket behind CloudFront. The API answers under the same
 * name (`/v1`), so the page asks nobody else, and its policy forbids everything that is not its own.
 */
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  Function as EdgeFunction,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HeadersFrameOption,
  HeadersReferrerPolicy,
  HttpVersion,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  OriginSslPolicy,
  PriceClass,
  ResponseHeadersPolicy,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type IBucket,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { BucketDeployment, CacheControl, Source } from 'aws-cdk-lib/aws-s3-deployment';
import { Construct } from 'constructs';
import { ASSETS, PROGRAMS } from '../console/addresses.ts';
import { contentSecurityPolicy } from '../console/headers.ts';
import type { Api } from './api.ts';
import { LOG_RETENTION } from './function.ts';
import { accept, acceptAbout } from './nag.ts';
import { allow } from './permission.ts';

const HSTS_DAYS = 365;
/** An installer that was fetched after an update must not meet older downloads for long: their hashes differ. */
const DOWNLOADS_CACHED_SECONDS = 60;
/** The one asset whose name stays. */
const ICON = 'assets/icon.svg';
/** Of files whose names change with what is in them. */
const ASSETS_CACHED_DAYS = 365;
/** Unpacks Node for two processors. */
const UPLOADER_MEMORY_MIB = 1024;

/** Runs at CloudFront, before its cache: JavaScript of its own kind, without modules. */
export const SCREENS = `function handler(event) {
  var request = event.request;
  if (!${String(PROGRAMS)}.test(request.uri) && !${String(ASSETS)}.test(request.uri)) request.uri = '/index.html';
  return request;
}
`;

export interface ConsoleProps {
  readonly api: Api;
  /** Of the issuers that the page asks for tokens. */
  readonly origins: readonly string[];
  /** Directory of the console as it is built: its page, and `assets`. */
  readonly page: string;
  /** Directory of the installer's downloads. */
  readonly downloads: string;
}

export class Console extends Construct {
  readonly bucket: Bucket;
  readonly distribution: Distribution;
  readonly url: string;
  /** Where the installer's downloads lie. */
  readonly downloadsUrl: string;

  constructor(scope: Construct, id: string, props: ConsoleProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      autoDeleteObjects: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    accept(this.bucket, 'bucketWithoutAccessLog');
    const log = new LogGroup(this, 'Log', { retention: LOG_RETENTION, removalPolicy: RemovalPolicy.DESTROY });
    acceptEmptier(this);
    this.distribution = this.distribute(props);
    this.url = `https://${this.distribution.distributionDomainName}`;
    this.downloadsUrl = `${this.url}/install`;
    this.upload(props, log);
  }

  private distribute({ api, origins }: ConsoleProps): Distribution {
    const headers = securityHeaders(this, origins);
    const viewer = {
      viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
      responseHeadersPolicy: headers,
      compress: true,
    };
    const toApi = {
      ...viewer,
      origin: new HttpOrigin(api.host, {
        protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY,
        originSslProtocols: [OriginSslPolicy.TLS_V1_2],
      }),
      allowedMethods: AllowedMethods.ALLOW_ALL,
      cachePolicy: CachePolicy.CACHING_DISABLED,
      originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
    };
    const distribution = new Distribution(this, 'Distribution', {
      comment: 'Isthmus: console and downloads',
      defaultRootObject: 'index.html',
      defaultBehavior: {
        ...viewer,
        origin: S3BucketOrigin.withOriginAccessControl(asInterface(this.bucket)),
        functionAssociations: [
          { eventType: FunctionEventType.VIEWER_REQUEST, function: pageForScreens(this) },
        ],
      },
      additionalBehaviors: { '/v1/*': toApi, '/openapi.json': toApi },
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PriceClass.PRICE_CLASS_100,
    });
    accept(
      distribution,
      'cloudFrontsOwnCertificate',
      'consoleForAllCountries',
      'consoleWithoutFirewall',
      'consoleWithoutAccessLog',
    );
    return distribution;
  }

  /**
   * The page is looked at anew each time, downloads are big and keep for a minute, and assets never change under their names. Those of earlier versions stay: a page
   * that was opened before still loads some.
   */
  private upload(props: ConsoleProps, logGroup: LogGroup): void {
    const page = new Asset(this, 'Page', { path: props.page });
    const downloads = new Asset(this, 'Downloads', { path: props.downloads });
    const both = {
      destinationBucket: asInterface(this.bucket),
      memoryLimit: UPLOADER_MEMORY_MIB,
      role: this.uploaderRole([page, downloads], logGroup).withoutPolicyUpdates(),
      logGroup,
      outputObjectKeys: false,
    };
    const ofPage = { ...both, sources: [Source.bucket(page.bucket, page.s3ObjectKey)] };
    const assets = new BucketDeployment(this, 'UploadAssets', {
      ...ofPage,
      exclude: ['*'],
      include: ['assets/*'],
      prune: false,
      cacheControl: [CacheControl.maxAge(Duration.days(ASSETS_CACHED_DAYS)), CacheControl.immutable()],
    });
    const upload = new BucketDeployment(this, 'UploadPage', {
      ...ofPage,
      exclude: ['install/*', 'assets/*'],
      include: [ICON],
      cacheControl: [CacheControl.noCache()],
    });
    upload.node.addDependency(assets);
    new BucketDeployment(this, 'UploadDownloads', {
      ...both,
      sources: [Source.bucket(downloads.bucket, downloads.s3ObjectKey)],
      destinationKeyPrefix: 'install',
      cacheControl: [CacheControl.maxAge(Duration.seconds(DOWNLOADS_CACHED_SECONDS))],
    });
    accept(Stack.of(this), 'uploaderHasTheCdksRuntime');
  }

  /** In place of what the CDK would grant: whole families of actions on the bucket of all assets. */
  private uploaderRole(assets: readonly Asset[], log: LogGroup): Role {
    const role = new Role(this, 'Uploader', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'Isthmus: copies the console and the downloads to their bucket',
    });
    allow(role, {
      actions: ['s3:GetObject'],
      resources: assets.map(({ bucket, s3ObjectKey }) => bucket.arnForObjects(s3ObjectKey)),
    });
    allow(role, { actions: ['s3:ListBucket', 's3:GetBucketTagging'], resources: [this.bucket.bucketArn] });
    allow(role, {
      actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
      resources: [this.bucket.arnForObjects('*')],
    });
    acceptAbout(role, 'anyObject', this.bucket);
    allow(role, { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [log.logGroupArn] });
    return role;
  }
}

/** Every screen has an address, and no file of that name: its answer is the page, which then looks where it is. */
function pageForScreens(scope: Construct): EdgeFunction {
  return new EdgeFunction(scope, 'Screens', {
    comment: 'Isthmus: the page for every screen of the console',
    runtime: FunctionRuntime.JS_2_0,
    code: FunctionCode.fromInline(SCREENS),
  });
}

function securityHeaders(scope: Construct, origins: readonly string[]): ResponseHeadersPolicy {
  return new ResponseHeadersPolicy(scope, 'Headers', {
    comment: 'Isthmus: what a browser may do with the console',
    securityHeadersBehavior: {
      contentSecurityPolicy: { contentSecurityPolicy: contentSecurityPolicy(origins), override: true },
      contentTypeOptions: { override: true },
      frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
      referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
      strictTransportSecurity: {
        accessControlMaxAge: Duration.days(HSTS_DAYS),
        includeSubdomains: true,
        override: true,
      },
    },
  });
}

/** The CDK makes one function for all buckets that it empties. */
function acceptEmptier(scope: Construct): void {
  const emptier = Stack.of(scope).node.findChild('Custom::S3AutoDeleteObjectsCustomResourceProvider');
  accept(emptier, 'emptierIsTheCdks');
}

/** The CDK's classes and interfaces differ in `?` and `| undefined`, which our compiler settings tell apart. */
function asInterface(bucket: Bucket): IBucket {
  return bucket as IBucket;
}
