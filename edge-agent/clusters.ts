/**
 * Root of the process for clusters (`clusters.mjs`): reads this host's settings, opens the worker and passes it the agent's orders. It
 * holds no rule, and ends when the agent does.
 */
export {};
