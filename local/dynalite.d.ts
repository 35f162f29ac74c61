/** The part of dynalite that we use; the package brings no types. */
declare module 'dynalite' {
  import type { Server } from 'node:http';

  interface DynaliteOptions {
    /** Directory of the LevelDB. */
    readonly path: string;
    /** How long a new table stays in CREATING. */
    readonly createTableMs?: number;
  }

  /** `close` also closes the database. */
  function dynalite(options: DynaliteOptions): Server;
  export = dynalite;
}
