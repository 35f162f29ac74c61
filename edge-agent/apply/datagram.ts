/** Sends one UDP datagram and closes its socket. It waits for no answer. */
import { createSocket } from 'node:dgram';

/** Resolves when the datagram has left, or could not: what is sent here is a hint only. */
export function sendDatagram(address: string, port: number): Promise<void> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    const end = () => {
      socket.close();
      resolve();
    };
    socket.once('error', end);
    socket.send(new Uint8Array(1), port, address, end);
  });
}
