/** Runs in a host of a lab: takes connections at a unix socket, which the machine sees too, to a TCP address that only the host reaches. */
import { connect, createServer } from 'node:net';

const [socketPath = '', host = '', port = ''] = process.argv.slice(2);

createServer((incoming) => {
  const outgoing = connect({ host, port: Number(port) });
  incoming.pipe(outgoing).on('error', () => incoming.destroy());
  outgoing.pipe(incoming).on('error', () => outgoing.destroy());
  incoming.on('close', () => outgoing.destroy());
  outgoing.on('close', () => incoming.destroy());
}).listen(socketPath);
