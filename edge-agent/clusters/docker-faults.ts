/** From faults of an engine to what every driver says. */
import { createHash } from 'node:crypto';
import { EngineError, type EngineFault } from '../engine/errors.ts';
import { DriverError, type DriverFault } from './driver.ts';

const FAULTS: Readonly<Record<EngineFault, DriverFault>> = {
  'engine.unreachable': 'driver.unreachable',
  'engine.failed': 'driver.unreachable',
  'engine.malformed': 'driver.unreachable',
  'engine.stale': 'driver.busy',
  'engine.unavailable': 'driver.busy',
  'engine.conflict': 'driver.busy',
  'engine.forbidden': 'driver.forbidden',
  'engine.invalid': 'driver.refused',
  'engine.not_found': 'driver.refused',
  'engine.too_old': 'driver.unsupported',
};

/** Runs it; faults of the engine become the driver's. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof EngineError) throw new DriverError(FAULTS[cause.code], cause.message, { cause });
    throw cause;
  }
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
