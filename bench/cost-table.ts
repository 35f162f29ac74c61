/**
 * The table of the cost run, in a process of its own, so that its work is not counted as a handler's. Started by
 * `openMeteredTable`, which hands it a directory; it ends with its parent.
 */
import { once } from 'node:events';
import dynalite from 'dynalite';

const [path = ''] = process.argv.slice(2);
const server = dynalite({ path, createTableMs: 0 });
server.listen(0, '127.0.0.1');
await once(server, 'listening');
process.send?.(server.address());
process.on('disconnect', () => process.exit(0));
