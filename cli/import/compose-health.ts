/** Compose's healthcheck: whoever fails it is made anew, and is not called until it passes. Values in, values out. */
import { z } from 'zod';
import type { Draft } from './draft.ts';
import { Scalar, Seconds } from './quantities.ts';
import type { Place } from './source.ts';

export function healthOf(place: Place, draft: Draft): void {
  const command = place.at('test') === undefined ? undefined : testOf(place.at('test'));
  const periodSeconds = place.at('interval')?.read(Seconds) ?? 30;
  const timeoutSeconds = place.at('timeout')?.read(Seconds) ?? 30;
  const failures = place.at('retries')?.read(z.coerce.number()) ?? 3;
  const startSeconds = place.at('start_period')?.read(Seconds);
  const startEverySeconds = Math.max(
    1,
    place.at('start_interval')?.read(Seconds) ?? Math.min(5, periodSeconds),
  );
  if (place.at('disable')?.read(z.boolean()) === true) return;
  if (command === undefined) return;
  if (command.length === 0) return;
  const probe = { command, periodSeconds, timeoutSeconds, failures };
  draft.put(['health', 'ready'], probe, place);
  draft.put(['health', 'live'], probe, place);
  if (startSeconds === undefined || startSeconds === 0) return;
  const attempts = Math.min(100, Math.ceil(startSeconds / startEverySeconds));
  const start = {
    command,
    periodSeconds: startEverySeconds,
    timeoutSeconds,
    failures: Math.max(1, attempts),
  };
  draft.put(['health', 'start'], start, place);
}

/** Nothing: the image's own check, if any, is switched off. */
function testOf(place: Place | undefined): string[] {
  if (place === undefined) return [];
  if (!place.isList) return ['/bin/sh', '-c', place.read(Scalar) ?? ''];
  const [kind, ...words] = place.items().flatMap((word) => word.read(Scalar) ?? []);
  if (kind === 'NONE') return [];
  if (kind === 'CMD-SHELL') return ['/bin/sh', '-c', words.join(' ')];
  return kind === 'CMD' ? words : ['/bin/sh', '-c', [kind, ...words].join(' ')];
}
