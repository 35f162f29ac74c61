/**
 * Published list prices of AWS in us-east-1, in one table, each with the page it is published on. They were taken down
 * by hand on the date below, without free tiers and without volume discounts; check them against the pages before you rely on them.
 */

/** Year and month in which the table was taken down. */
export const PRICES_DATE = '2026-11';

export interface Price {
  readonly usd: number;
  /** What the price is for: so many units. */
  readonly per: number;
  readonly unit: string;
  readonly page: string;
}

const DYNAMODB = 'https://aws.amazon.com/dynamodb/pricing/on-demand/';
const LAMBDA = 'https://aws.amazon.com/lambda/pricing/';
const CLOUDWATCH = 'https://aws.amazon.com/cloudwatch/pricing/';
const EC2 = 'https://aws.amazon.com/ec2/pricing/on-demand/';
const S3 = 'https://aws.amazon.com/s3/pricing/';
const KMS = 'https://aws.amazon.com/kms/pricing/';

export const PRICES = {
  httpApiRequest: {
    usd: 1,
    per: 1e6,
    unit: 'requests of the HTTP API, of 512 kB each',
    page: 'https://aws.amazon.com/api-gateway/pricing/',
  },
  functionRequest: { usd: 0.2, per: 1e6, unit: 'invocations of functions', page: LAMBDA },
  functionGbSecond: { usd: 0.000_013_333_4, per: 1, unit: 'GB-seconds of functions on arm64', page: LAMBDA },
  tableRead: {
    usd: 0.125,
    per: 1e6,
    unit: 'consistent reads of 4 kB, on demand (since November 2024)',
    page: DYNAMODB,
  },
  tableWrite: {
    usd: 0.625,
    per: 1e6,
    unit: 'writes of 1 kB, on demand (since November 2024)',
    page: DYNAMODB,
  },
  tableStorage: { usd: 0.25, per: 1, unit: 'GB-months in the table', page: DYNAMODB },
  tableRecovery: { usd: 0.2, per: 1, unit: 'GB-months of point-in-time recovery', page: DYNAMODB },
  objectPut: { usd: 0.005, per: 1e3, unit: 'puts of objects', page: S3 },
  objectGet: { usd: 0.0004, per: 1e3, unit: 'gets of objects', page: S3 },
  queueRequest: {
    usd: 0.4,
    per: 1e6,
    unit: 'requests of queues',
    page: 'https://aws.amazon.com/sqs/pricing/',
  },
  signature: { usd: 0.15, per: 1e4, unit: 'signatures with an elliptic-curve key', page: KMS },
  key: { usd: 1, per: 1, unit: 'months of a key', page: KMS },
  schedule: {
    usd: 1,
    per: 1e6,
    unit: 'invocations by the schedule',
    page: 'https://aws.amazon.com/eventbridge/pricing/',
  },
  secret: {
    usd: 0.4,
    per: 1,
    unit: 'months of a secret',
    page: 'https://aws.amazon.com/secrets-manager/pricing/',
  },
  logs: { usd: 0.5, per: 1, unit: 'GB of logs', page: CLOUDWATCH },
  alarm: { usd: 0.1, per: 1, unit: 'months of an alarm on a metric', page: CLOUDWATCH },
  dashboard: { usd: 3, per: 1, unit: 'months of a dashboard', page: CLOUDWATCH },
  discovered: {
    usd: 0.1,
    per: 1,
    unit: 'months of an entry of Cloud Map',
    page: 'https://aws.amazon.com/cloud-map/pricing/',
  },
  instanceHour: { usd: 0.0084, per: 1, unit: 'hours of a t4g.micro', page: EC2 },
  addressHour: {
    usd: 0.005,
    per: 1,
    unit: 'hours of a public IPv4 address',
    page: 'https://aws.amazon.com/vpc/pricing/',
  },
  volume: {
    usd: 0.08,
    per: 1,
    unit: 'GB-months of gp3 volumes',
    page: 'https://aws.amazon.com/ebs/pricing/',
  },
  /** Not in any sum here: it is what the tunnels carry. */
  transferOut: { usd: 0.09, per: 1, unit: 'GB sent to the internet', page: EC2 },
} as const satisfies Record<string, Price>;

export type PriceName = keyof typeof PRICES;

/** What so many units cost, in USD. */
export function priceOf(name: PriceName, amount: number): number {
  const { usd, per } = PRICES[name];
  return (amount / per) * usd;
}
