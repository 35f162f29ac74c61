/**
 * Makes V8 keep its memory small: the agent idles for months beside other programs, and its work is small. Imported
 * first, for what is compiled before is compiled as usual. Measured on an idle edge: 90 MB without, 75 MB with.
 */
import { setFlagsFromString } from 'node:v8';

const FLAGS = ['--optimize-for-size', '--semi-space-growth-factor=1', '--no-opt', '--no-maglev'];

for (const flag of FLAGS) setFlagsFromString(flag);
