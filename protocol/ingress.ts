/**
 * Between the cloud's ingress and a hub's gateway: the port, and two headers by which the ingress says what only it knows.
 * It sets them in place of whatever a client sent under these names.
 */

export const INGRESS_PORT = 8080;
/** The host that the client asked for, because the request that reaches the hub may name another one. */
export const INGRESS_HOST_HEADER = 'x-isthmus-host';
/** The client's address, because the connection's is the ingress' own. */
export const INGRESS_CLIENT_HEADER = 'x-isthmus-client';
