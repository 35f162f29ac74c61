/** Runs in a test host: whoever connects to ADDRESS:PORT there gets to a unix socket that the machine sees too. Usage: lan-relay.ts ADDRESS PORT SOCKET */
import { connect, createServer } from 'node:net';

const [, , address = '', port = '', socketPath = ''] = process.argv;

createServer((incoming) => {
  const outgoing = connect(socketPath);
  incoming.pipe(outgoing).pipe(incoming);
  incoming.on('error', () => outgoing.destroy());
  outgoing.on('error', () => incoming.destroy());
  incoming.on('close', () => outgoing.destroy());
  outgoing.on('close', () => incoming.destroy());
}).listen(Number(port), address);
