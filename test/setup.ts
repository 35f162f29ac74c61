/** Runs before each file of the unit tests: what a file says to fast-check is for that file alone. */
import fc from 'fast-check';

fc.resetConfigureGlobal();
