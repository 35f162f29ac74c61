/**
 * A tiny server for test hosts: HTTP answers one line that says who answers and who asked, UDP sends the
 * datagram back. Usage: `node local/lab-echo.ts NAME [HTTP_PORT [UDP_PORT]]`.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';

const BODY_BYTES_MAX = 64 * 1024 * 1024;

const [name = 'nobody', httpPort = '8080', udpPort = '8081'] = process.argv.slice(2);

/** `/bytes/N` answers N bytes: for transfers that need many packets. */
function bodyOf(path: string, from: string): Buffer {
  const bytes = /^\/bytes\/(\d+)$/.exec(path)?.[1];
  if (bytes !== undefined) return Buffer.alloc(Math.min(Number(bytes), BODY_BYTES_MAX), 'x');
  return Buffer.from(`hello from ${name}, you are ${from}\n`);
}

createServer((request, response) => {
  const from = (request.socket.remoteAddress ?? '').replace('::ffff:', '');
  const body = bodyOf(request.url ?? '/', from);
  response.writeHead(200, { 'content-type': 'text/plain', 'content-length': body.length });
  response.end(body);
}).listen(Number(httpPort), () => console.log('listening'));

const udp = createSocket('udp4', (message, from) => udp.send(message, from.port, from.address));
udp.bind(Number(udpPort));
