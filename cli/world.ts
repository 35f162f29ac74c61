/** What the commands are handed of the world, so that tests hand them another one. */
import type { Cluster } from '../protocol/cluster.ts';
import type { Api } from './api.ts';
import type { Reach } from './diagnosis/here.ts';

export interface World {
  /** The API as the profile and the options say. */
  open(): Api;
  /** Data, to standard output. */
  print(text: string): void;
  /** What is said about it, to standard error. */
  say(text: string): void;
  /** What is going on, over what was said of it before; on a terminal alone. Empty: it is over. */
  progress(text: string): void;
  nowMs(): number;
  /** A file's text; `-` is standard input. */
  read(file: string): string;
  /** The files that a path stands for: itself, or the manifests in a directory, by name. */
  filesIn(path: string): readonly string[];
  wait(ms: number): Promise<void>;
  /** How the control plane is reached from here, with no credential. */
  reach(): Promise<Reach>;
  /** Runs kubectl against a cluster of the tenant; its exit code. */
  kubectl(cluster: Cluster, words: readonly string[]): Promise<number>;
  /** Makes a file for its owner alone; refuses if there is one. */
  write(file: string, text: string): void;
  /** What we run on, for reports. */
  readonly platform: Readonly<Record<string, string>>;
}
