/**
 * What a deployment has whatever the number of its sites, by price: the constructs in `infra/` make it. It is a list to
 * be read beside them, not a count of a template.
 */
import { type Bill, HOURS_PER_MONTH } from './cost-model.ts';

const HUBS = 2;
/** A hub waits so long for messages of its queue, and asks again. */
const QUEUE_WAIT_SECONDS = 20;
/** A hub reads so often who owns the routes of its VPC. */
const OWNER_SECONDS = 5;
const VOLUME_GB = 8;

/** The control plane's. */
export const FIXED: Bill = {
  /** The signing key, and the table's. */
  key: 2,
  /** The first admin's key, and what secrets of tokens follow from. */
  secret: 2,
  /** Eight alarms; one over a sum of metrics is paid for by the metric. */
  alarm: 12,
  /** Three are free in an account; it is counted all the same. */
  dashboard: 1,
};

/** The hubs', beside their requests to the API, which are counted. */
export const HUB_FIXED: Bill = {
  instanceHour: HUBS * HOURS_PER_MONTH,
  /** Of each slot one, and of each instance one. */
  addressHour: HUBS * 2 * HOURS_PER_MONTH,
  volume: HUBS * VOLUME_GB,
  /** A WireGuard key each. */
  secret: HUBS,
  queueRequest: (HUBS * 3_600 * HOURS_PER_MONTH) / QUEUE_WAIT_SECONDS,
  tableRead: (HUBS * 3_600 * HOURS_PER_MONTH) / OWNER_SECONDS,
  /** An entry of Cloud Map each, for the ingress. */
  discovered: HUBS,
};
