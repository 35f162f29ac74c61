/** Gateway steps in words: the dry run, the log and the journal print these. No secret can be in a step. */
import type { GatewayStep, SlotFile } from './gateway.ts';
import { slotNumber } from './gateway-names.ts';

export function describeGatewayStep(step: GatewayStep): string {
  switch (step.kind) {
    case 'gateway.make-certificate':
      return `make the gateway's certificate for ${step.names.length} names (${step.names.slice(0, 3).join(', ')}${step.names.length > 3 ? ', ...' : ''})`;
    case 'gateway.add-certificate':
      return `serve the certificate ${step.file}`;
    case 'gateway.load-certificate':
      return `load the certificate ${step.file} anew`;
    case 'gateway.remove-certificate':
      return `serve the certificate ${step.file} no more`;
    case 'gateway.write-certificates':
      return `write the list of ${step.files.length} certificates`;
    case 'gateway.write-base':
      return 'write the fixed part of the configuration';
    case 'gateway.write-slots':
      return writtenSlots(step.slots);
    case 'gateway.write-routes':
      return `write the map of ${step.routes.length} routes`;
    case 'gateway.start':
      return 'start HAProxy';
    case 'gateway.reload':
      return 'reload HAProxy: a new worker takes over, the old one finishes its requests';
    case 'gateway.set-slot':
      return `open slot ${step.slot} to ${step.address}:${step.port}`;
    case 'gateway.drain-slot':
      return `drain slot ${step.slot}: no route leads there any more`;
    case 'gateway.release-slot':
      return `close slot ${step.slot} and cut what still runs in it`;
    case 'gateway.open-server':
      return `open server ${step.server} of ${step.group} to ${step.address}:${step.port}`;
    case 'gateway.close-server':
      return `close server ${step.server} of ${step.group}: it finishes what it has`;
    case 'gateway.add-route':
      return `lead ${step.key} to ${wordsFor(step.to)}`;
    case 'gateway.move-route':
      return `lead ${step.key} to ${wordsFor(step.to)} from now on`;
    case 'gateway.remove-route':
      return `lead ${step.key} nowhere`;
    case 'gateway.write-clusters':
      return `write the map of ${step.clusters.length} clusters`;
    case 'gateway.add-cluster':
      return `pass ${step.host} through to the edge ${step.address}`;
    case 'gateway.move-cluster':
      return `pass ${step.host} through to the edge ${step.address} from now on`;
    case 'gateway.remove-cluster':
      return `pass ${step.host} through no more`;
  }
}

function wordsFor(backend: string): string {
  const slot = slotNumber(backend);
  return slot === undefined ? backend : `slot ${slot}`;
}

function writtenSlots({ size, used, groups }: SlotFile): string {
  const slots = `write ${size} slots, ${used.length} of them in use`;
  return groups.length === 0 ? slots : `${slots}, and ${groups.length} groups`;
}
