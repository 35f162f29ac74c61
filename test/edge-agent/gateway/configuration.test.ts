/** The fixed part of HAProxy's configuration: what it promises, and that its revision follows its text. */
import { describe, expect, test } from 'vitest';
import { renderConfiguration } from '../../../edge-agent/gateway/configuration.ts';
import { gatewayPaths } from '../../../edge-agent/plan/gateway-files.ts';

const paths = gatewayPaths({ state: '/state', run: '/run/gateway', supplied: '/etc/certificates' });
const listen = { address: '10.0.0.1', port: 443 };
const plain = renderConfiguration({ listen }, paths);

/** The lines below `frontend NAME`. */
function frontendOf(text: string, name: string): string {
  return (
    text.split(new RegExp(`^frontend ${name} from isthmus\n`, 'm'))[1]?.split(/\n\n|^frontend /m)[0] ?? ''
  );
}

describe('the fixed part', () => {
  test('has one admin door, a unix socket for root alone', () => {
    const doors = plain.text.split('\n').filter((line) => /^ +(stats|bind) /.test(line));
    expect(doors).toEqual([
      '  stats socket /run/gateway/runtime.sock mode 600 level admin expose-fd listeners',
      '  stats timeout 30s',
      '  bind 10.0.0.1:443',
      '  bind abns@isthmus-https-443 accept-proxy ssl crt-list /state/certificates.list alpn h2,http/1.1',
    ]);
  });

  test('never uses an upstream connection again and never falls back to another backend', () => {
    expect(plain.text).toContain('option http-server-close');
    expect(plain.text).not.toMatch(/default_backend|http-reuse|balance/);
  });

  test('listens for plain HTTP only when it is asked to', () => {
    const redirect = { address: '10.0.0.1', port: 80 };
    expect(plain.text).not.toContain('frontend http ');
    expect(renderConfiguration({ listen, redirect }, paths).text).toContain('bind 10.0.0.1:80\n');
  });

  test('listens for the ingress only when it is asked to, and serves there what it serves by HTTPS', () => {
    const ingress = { address: '10.0.0.1', port: 8080 };
    expect(plain.text).not.toContain('frontend ingress ');
    const { text } = renderConfiguration({ listen, ingress }, paths);
    expect(text).toContain('bind 10.0.0.1:8080\n');
    const [https = '', byIngress = ''] = ['https', 'ingress'].map((name) => frontendOf(text, name));
    const served = https.slice(https.indexOf('  http-request return'));
    expect(served).toContain('map_beg(/state/routes.map)');
    expect(byIngress.endsWith(served)).toBe(true);
  });

  test('believes what the ingress says of host and client on its own listener only', () => {
    const ingress = { address: '10.0.0.1', port: 8080 };
    const { text } = renderConfiguration({ listen, ingress }, paths);
    const believes = (name: string) => /x-isthmus-(host|client)/.test(frontendOf(text, name));
    expect([believes('https'), believes('ingress')]).toEqual([false, true]);
  });

  test('locks the worker into an empty directory when it has an account', () => {
    expect(plain.text).not.toContain('chroot');
    const locked = renderConfiguration({ listen, account: 'haproxy' }, paths).text;
    expect(locked).toContain('  user haproxy\n  group haproxy\n  chroot /run/gateway/jail\n');
  });

  test('tells its revision, which is another one for another text', () => {
    expect(plain.text).toContain(`description ${plain.revision}\n`);
    expect(renderConfiguration({ listen }, paths)).toEqual(plain);
    const other = renderConfiguration({ listen: { ...listen, port: 8443 } }, paths);
    expect(other.revision).not.toBe(plain.revision);
  });
});
