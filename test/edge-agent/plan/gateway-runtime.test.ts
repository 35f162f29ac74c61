/** HAProxy's runtime API: the lines said to it, and the reading of answers recorded from HAProxy 2.6. */
import { describe, expect, test } from 'vitest';
import { gatewayPaths } from '../../../edge-agent/plan/gateway-files.ts';
import {
  addCommands,
  fieldOf,
  loadCommands,
  parseCertificateList,
  parseGroupTable,
  parseMap,
  parseSlotTable,
  type RuntimeStep,
  removeCommands,
  runtimeCommands,
} from '../../../edge-agent/plan/gateway-runtime.ts';

const paths = gatewayPaths({ state: '/state', run: '/run/gateway', supplied: '/etc/certificates' });

describe('lines', () => {
  test.each<[RuntimeStep, string[]]>([
    [
      { kind: 'gateway.set-slot', slot: 3, address: '100.65.0.1', port: 80 },
      ['set server slot_3/site addr 100.65.0.1 port 80', 'set server slot_3/site state ready'],
    ],
    [{ kind: 'gateway.drain-slot', slot: 3 }, ['set server slot_3/site state drain']],
    [
      { kind: 'gateway.release-slot', slot: 3 },
      [
        'set server slot_3/site state maint',
        'shutdown sessions server slot_3/site',
        'set server slot_3/site addr 192.0.2.1 port 9',
      ],
    ],
    [
      { kind: 'gateway.open-server', group: 'app_acme_web_http', server: 2, address: '100.65.0.1', port: 80 },
      [
        'set server app_acme_web_http/s2 addr 100.65.0.1 port 80',
        'set server app_acme_web_http/s2 state ready',
        'set server app_acme_web_http/s2 health up',
      ],
    ],
    [
      { kind: 'gateway.close-server', group: 'app_acme_web_http', server: 2 },
      ['set server app_acme_web_http/s2 state maint'],
    ],
    [
      { kind: 'gateway.add-route', key: 'a.example.com/', to: 'slot_3' },
      ['add map /state/routes.map a.example.com/ slot_3'],
    ],
    [
      { kind: 'gateway.move-route', key: 'a.example.com/', to: 'app_acme_web_http' },
      ['set map /state/routes.map a.example.com/ app_acme_web_http'],
    ],
    [{ kind: 'gateway.remove-route', key: 'a.example.com/' }, ['del map /state/routes.map a.example.com/']],
  ])('%j', (step, lines) => {
    expect(runtimeCommands(step, paths).map(({ line }) => line)).toEqual(lines);
  });

  test('a certificate is sent as its PEM blocks alone, without an empty line that would end it', () => {
    const block = (what: string) => `-----BEGIN ${what}-----\nAAAA\n-----END ${what}-----`;
    const pem = `Bag Attributes\r\n\r\n${block('EC PRIVATE KEY')}\n\n\nsubject=x\n${block('CERTIFICATE')}\r\n\r\n`;
    const payload = `${block('EC PRIVATE KEY')}\n${block('CERTIFICATE')}\n`;
    const load = [`set ssl cert /x.pem <<\n${payload}\n`, 'commit ssl cert /x.pem'];
    expect(loadCommands('/x.pem', pem).map(({ line }) => line)).toEqual(load);
    expect(addCommands(paths, '/x.pem', pem).map(({ line }) => line)).toEqual([
      'new ssl cert /x.pem',
      ...load,
      'add ssl crt-list /state/certificates.list /x.pem',
    ]);
    expect(removeCommands(paths, '/x.pem').map(({ line }) => line)).toEqual([
      'del ssl crt-list /state/certificates.list /x.pem',
      'del ssl cert /x.pem',
    ]);
  });

  test.each([
    ['No such backend.\n', false],
    [
      "IP changed from '192.0.2.1' to '127.0.0.2', port changed from '9' to '18081' by 'stats socket command'\n",
      true,
    ],
    ["no need to change the addr, no need to change the port by 'stats socket command'\n", true],
    ['\n', false],
  ])('the answer %j to a new address is taken or refused', (answer, good) => {
    const [address] = runtimeCommands(
      { kind: 'gateway.set-slot', slot: 3, address: '100.65.0.1', port: 80 },
      paths,
    );
    expect(address?.expect.test(answer)).toBe(good);
  });
});

describe('answers', () => {
  test('groups are read from the same table; a server that a check found down is open all the same', () => {
    const table = [
      '# pxname,svname,scur,status,lastchg,addr,',
      'app_acme_web_http,s2,0,DOWN 1/2,3,100.65.0.2:8080,',
      'app_acme_web_http,s1,2,UP,12,100.65.0.1:80,',
      'app_acme_web_http,s3,0,MAINT,0,192.0.2.1:9,',
      'app_acme_web_http,BACKEND,0,UP,0,,',
      'slot_1,site,2,no check,12,100.65.0.1:80,',
    ].join('\n');
    const server = (number: number, address: string, port: number, state: string) => ({
      server: number,
      address,
      port,
      state,
    });
    expect(parseGroupTable(`${table}\n\n`)).toEqual([
      {
        name: 'app_acme_web_http',
        servers: [
          server(1, '100.65.0.1', 80, 'ready'),
          server(2, '100.65.0.2', 8080, 'ready'),
          server(3, '192.0.2.1', 9, 'closed'),
        ],
      },
    ]);
  });

  test('the table of servers is read by its heading', () => {
    const table = [
      '# pxname,svname,scur,status,lastchg,addr,',
      'slot_1,site,2,no check,12,100.65.0.1:80,',
      'slot_2,site,0,DRAIN,3,100.65.0.2:8080,',
      'slot_3,site,0,MAINT,0,192.0.2.1:9,',
      'https,other,0,no check,0,1.2.3.4:5,',
    ].join('\n');
    expect(parseSlotTable(`${table}\n\n`)).toEqual([
      { slot: 1, address: '100.65.0.1', port: 80, state: 'ready', sinceSeconds: 12, sessions: 2 },
      { slot: 2, address: '100.65.0.2', port: 8080, state: 'draining', sinceSeconds: 3, sessions: 0 },
      { slot: 3, address: '192.0.2.1', port: 9, state: 'closed', sinceSeconds: 0, sessions: 0 },
    ]);
  });

  test('the map is read without its internal ids', () => {
    expect(
      parseMap('0x55b1c74570d0 a.example.com/ slot_1\n0x55b1c75f3980 b.example.com/shop/ slot_2\n\n'),
    ).toEqual([
      { key: 'a.example.com/', to: 'slot_1' },
      { key: 'b.example.com/shop/', to: 'slot_2' },
    ]);
  });

  test('fields and lists are read by name', () => {
    expect(fieldOf('Name: HAProxy\nPid: 11210\ndescription: abc\n', 'Pid')).toBe('11210');
    expect(fieldOf('Name: HAProxy\n', 'Pid')).toBeUndefined();
    expect(parseCertificateList('# /state/certificates.list\n/state/own.pem\n/etc/a.pem\n\n')).toEqual([
      '/state/own.pem',
      '/etc/a.pem',
    ]);
  });
});
