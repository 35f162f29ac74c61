/** Marathon's health checks: who fails one is killed and made anew, and is not counted as up before it passes. Values in, values out. */
import { z } from 'zod';
import { containerPort } from './marathon-container.ts';
import type { Service } from './marathon-secret.ts';
import { Scalar } from './quantities.ts';
import type { Place } from './source.ts';

const Count = z.number();

export function healthCheckOf(place: Place, { draft, app }: Service): void {
  const protocol = place.at('protocol')?.read(Scalar) ?? 'HTTP';
  const portAt = place.at('port')?.read(Count);
  const index = place.at('portIndex')?.read(Count) ?? 0;
  const path = place.at('path')?.read(Scalar) ?? '/';
  const command = place.at('command', 'value')?.read(Scalar);
  const periodSeconds = place.at('intervalSeconds')?.read(Count) ?? 60;
  const timeoutSeconds = place.at('timeoutSeconds')?.read(Count) ?? 20;
  const failures = place.at('maxConsecutiveFailures')?.read(Count) ?? 3;
  const graceSeconds = place.at('gracePeriodSeconds')?.read(Count) ?? 300;
  const kind = protocol.replace(/^MESOS_/, '');
  place.at('delaySeconds')?.changed('Checks begin at once; a start check bears failures at first.');
  if (place.at('ipProtocol')?.read(Scalar) === 'IPv6') place.at('ipProtocol')?.lost('Checks go over IPv4.');
  place.at('ignoreHttp1xx')?.note('meaningless', 'A probe ends with a final status.');
  if (kind === 'HTTPS')
    return place.lost('A probe speaks plain HTTP: give the app such a path, or check by tcp or a command.');
  if (draft.has('health', 'live'))
    return place.lost('One check of each kind is taken, the first: join them in a command.');
  const port = portAt ?? containerPort(app, { index });
  const way =
    kind === 'COMMAND'
      ? { command: ['/bin/sh', '-c', command ?? ''] }
      : kind === 'TCP'
        ? { tcp: { port } }
        : { http: { path, port } };
  if (port === 0 && kind !== 'COMMAND')
    return place.lost('Marathon chose the port: say health with the one that the app listens on.');
  const ready = { ...way, periodSeconds, timeoutSeconds, failures: Math.max(1, failures) };
  draft.put(['health', 'ready'], ready, place);
  if (failures === 0) return place.changed('It never kills: only ready is said.');
  draft.put(['health', 'live'], ready, place);
  if (graceSeconds === 0) return;
  const startEverySeconds = Math.max(1, Math.min(periodSeconds, Math.ceil(graceSeconds / 100)));
  const start = { ...way, periodSeconds: startEverySeconds, timeoutSeconds };
  draft.put(
    ['health', 'start'],
    { ...start, failures: Math.max(1, Math.min(100, Math.ceil(graceSeconds / startEverySeconds))) },
    place,
  );
}
