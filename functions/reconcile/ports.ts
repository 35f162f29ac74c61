/** The seams of the reconcile steps: everything that differs between AWS and one machine. */

/** Signs with the deployment's signing key; KMS or a key on disk. ECDSA P-256, SHA-256, DER. */
export interface Signer {
  /** First 16 hex digits of the SHA-256 of the SPKI. */
  readonly keyId: string;
  /** SPKI, DER in base64. */
  readonly publicKey: string;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** Leaves by hash: S3, or a directory. Writing the same hash again is harmless. */
export interface Blobs {
  put(hash: string, text: string): Promise<void>;
  get(hash: string): Promise<string | undefined>;
}

/** A queue a hub: SQS, or waiters in the process. Messages are hints and may be lost or doubled. */
export interface HubQueue {
  /** Tells the hub that these agents have a new document. */
  send(hub: string, agents: readonly string[]): Promise<void>;
}

/** The one clock and the one source of chance of the functions. */
export interface Clock {
  /** ISO 8601, UTC, milliseconds. */
  now(): string;
  /** Lower-case hex digits, twice as many as bytes. */
  randomHex(bytes: number): string;
}
