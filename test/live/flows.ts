/** How live tests try a flow: the smallest real packet exchange of each protocol, with a verdict instead of a throw. */
import type { Host } from '../../local/lab-host.ts';
import { ECHO_HTTP_PORT, ECHO_UDP_PORT } from '../../local/lab-topology.ts';

const SECONDS_MAX = '3';

const UDP_ECHO = `
const socket = require('node:dgram').createSocket('udp4');
const [address, port] = process.argv.slice(1);
socket.on('message', (text) => { console.log(String(text)); process.exit(0); });
const send = () => socket.send('echo', Number(port), address);
send(); setInterval(send, 500); setTimeout(() => process.exit(1), 3000);
`;

/** What the server at the other end says, or undefined: `hello from NAME, you are ADDRESS`. */
export async function fetchPage(from: Host, url: string): Promise<string | undefined> {
  const result = await from.run(['curl', '-fsS', '--max-time', SECONDS_MAX, url]);
  return result.code === 0 ? result.stdout.trim() : undefined;
}

export function fetchFrom(from: Host, address: string): Promise<string | undefined> {
  return fetchPage(from, `http://${address}:${ECHO_HTTP_PORT}/`);
}

export async function echoesUdp(from: Host, address: string): Promise<boolean> {
  const result = await from.run([process.execPath, '-e', UDP_ECHO, address, `${ECHO_UDP_PORT}`]);
  return result.code === 0;
}

export async function pings(from: Host, address: string): Promise<boolean> {
  return (await from.run(['ping', '-c', '2', '-i', '0.2', '-W', '2', address])).code === 0;
}

/** Value of a named counter of our table, in packets. */
export async function counterOf(host: Host, name: string): Promise<number> {
  const text = await host.check(['nft', 'list', 'counter', 'ip', 'isthmus', name]);
  return Number(/packets (\d+)/.exec(text)?.[1] ?? Number.NaN);
}
