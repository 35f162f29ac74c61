/**
 * The release of everything here: control plane, agent and package are released together. An agent's documents and
 * reports are versioned by their schemas, not by this number.
 */
export const RELEASE = '0.1.0';
