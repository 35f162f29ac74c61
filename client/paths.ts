/** What the API takes and answers, made of its OpenAPI document by `npm run client`. Do not edit. */
export interface paths {
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the API answers */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/clusters/{cluster}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say that this edge holds a cluster; the same again changes nothing */
        post: operations["attachCluster"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/clusters/{cluster}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell how a cluster is; parts that are absent, or refused as too large, are as they were last told */
        post: operations["reportCluster"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/document": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the own desired state, signed */
        get: operations["readDocument"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/leaves/{hash}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a leaf of the own document: canonical JSON with this SHA-256 */
        get: operations["readLeaf"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/liveness": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Report the liveness of all peers */
        post: operations["reportLiveness"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/messages": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Wait for agents whose document changed */
        get: operations["receiveMessages"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agent/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Report what changed on the host */
        post: operations["report"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/attention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Say what of the hubs somebody has to look at */
        get: operations["getAttention"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/bindings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List bindings */
        get: operations["listDeploymentBindings"];
        put?: never;
        /** Create a binding */
        post: operations["createDeploymentBinding"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/bindings/{binding}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a binding */
        get: operations["getDeploymentBinding"];
        /** Replace a binding */
        put: operations["replaceDeploymentBinding"];
        post?: never;
        /** Delete a binding */
        delete: operations["deleteDeploymentBinding"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/can-i": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Whether the caller may do something, and why */
        post: operations["canI"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deployment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Pools, signing roots, domain and version */
        get: operations["getDeployment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/enrol": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Enrol an agent with a token, or an instance with its role */
        post: operations["enrol"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List events, the newest first; a page that a filter left short may have a next one */
        get: operations["listDeploymentEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events as JSON lines, the newest first; the next part is at the address in Link */
        get: operations["exportDeploymentEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hubs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List hubs */
        get: operations["listHubs"];
        put?: never;
        /** Create a hub */
        post: operations["createHub"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hubs/{hub}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a hub */
        get: operations["getHub"];
        /** Replace a hub */
        put: operations["replaceHub"];
        post?: never;
        /** Delete a hub */
        delete: operations["deleteHub"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hubs/{hub}/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List tokens */
        get: operations["listHubTokens"];
        put?: never;
        /** Create a token */
        post: operations["createHubToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/hubs/{hub}/tokens/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a token */
        get: operations["getHubToken"];
        put?: never;
        post?: never;
        /** Delete a token */
        delete: operations["deleteHubToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List keys */
        get: operations["listDeploymentKeys"];
        put?: never;
        /** Create a key */
        post: operations["createDeploymentKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a key */
        get: operations["getDeploymentKey"];
        put?: never;
        post?: never;
        /** Delete a key */
        delete: operations["deleteDeploymentKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List roles */
        get: operations["listDeploymentRoles"];
        put?: never;
        /** Create a role */
        post: operations["createDeploymentRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/roles/{role}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a role */
        get: operations["getDeploymentRole"];
        /** Replace a role */
        put: operations["replaceDeploymentRole"];
        post?: never;
        /** Delete a role */
        delete: operations["deleteDeploymentRole"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/roots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The signing roots that agents pin */
        get: operations["getRoots"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where people sign in who have no API key */
        get: operations["getSignIn"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List tenants */
        get: operations["listTenants"];
        put?: never;
        /** Create a tenant */
        post: operations["createTenant"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a tenant */
        get: operations["getTenant"];
        /** Replace a tenant */
        put: operations["replaceTenant"];
        post?: never;
        /** Delete a tenant */
        delete: operations["deleteTenant"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List apps */
        get: operations["listApps"];
        put?: never;
        /** Create an app */
        post: operations["createApp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get an app */
        get: operations["getApp"];
        /** Replace an app */
        put: operations["replaceApp"];
        post?: never;
        /** Delete an app */
        delete: operations["deleteApp"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/abort": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take a release that comes by stages back */
        post: operations["abortApp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/promotion": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let a release that comes by stages go on without waiting longer */
        post: operations["promoteApp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/apps/{app}/releases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List the releases of an app that are remembered, the newest first */
        get: operations["listReleases"];
        put?: never;
        post?: never;
        /** Forget the earlier releases of an app, on the app's own version, but for one that it may still go back to by itself */
        delete: operations["deleteReleases"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/attention": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Say what of a tenant somebody has to look at, of all that the caller may read */
        get: operations["getTenantAttention"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/bindings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List bindings */
        get: operations["listBindings"];
        put?: never;
        /** Create a binding */
        post: operations["createBinding"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/bindings/{binding}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a binding */
        get: operations["getBinding"];
        /** Replace a binding */
        put: operations["replaceBinding"];
        post?: never;
        /** Delete a binding */
        delete: operations["deleteBinding"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/clusters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List clusters */
        get: operations["listClusters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/clusters/{cluster}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a cluster */
        get: operations["getCluster"];
        /** Replace a cluster */
        put: operations["replaceCluster"];
        post?: never;
        /** Delete a cluster */
        delete: operations["deleteCluster"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/clusters/{cluster}/credentials": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Get a token for the cluster, for a quarter of an hour */
        post: operations["createClusterCredential"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/clusters/{cluster}/drill": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ask for a rehearsal of the recovery of the cluster's etcd now, at most one a minute */
        post: operations["drillCluster"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/clusters/{cluster}/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read the same figures in the text format of Prometheus */
        get: operations["getClusterMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/clusters/{cluster}/requests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read who asks the cluster's API server for what, and what to do about it */
        get: operations["getClusterRequests"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/edges": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List edges */
        get: operations["listEdges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/edges/{edge}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get an edge */
        get: operations["getEdge"];
        /** Replace an edge */
        put: operations["replaceEdge"];
        post?: never;
        /** Delete an edge */
        delete: operations["deleteEdge"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List events, the newest first; a page that a filter left short may have a next one */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/events/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events as JSON lines, the newest first; the next part is at the address in Link */
        get: operations["exportEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/explanation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Say whether one thing of the tenant may speak to another, and by what */
        get: operations["explainPolicy"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List keys */
        get: operations["listKeys"];
        put?: never;
        /** Create a key */
        post: operations["createKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/keys/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a key */
        get: operations["getKey"];
        put?: never;
        post?: never;
        /** Delete a key */
        delete: operations["deleteKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List policies */
        get: operations["listPolicies"];
        put?: never;
        /** Create a policy */
        post: operations["createPolicy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/policies/{policy}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a policy */
        get: operations["getPolicy"];
        /** Replace a policy */
        put: operations["replacePolicy"];
        post?: never;
        /** Delete a policy */
        delete: operations["deletePolicy"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/policies/{policy}/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say what would change if a policy, be there one or not, were this, or were deleted */
        post: operations["previewPolicy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/pools": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List pools */
        get: operations["listPools"];
        put?: never;
        /** Create a pool */
        post: operations["createPool"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/pools/{pool}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a pool */
        get: operations["getPool"];
        /** Replace a pool */
        put: operations["replacePool"];
        post?: never;
        /** Delete a pool */
        delete: operations["deletePool"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List roles */
        get: operations["listRoles"];
        put?: never;
        /** Create a role */
        post: operations["createRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/roles/{role}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a role */
        get: operations["getRole"];
        /** Replace a role */
        put: operations["replaceRole"];
        post?: never;
        /** Delete a role */
        delete: operations["deleteRole"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/routes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List routes */
        get: operations["listRoutes"];
        put?: never;
        /** Create a route */
        post: operations["createRoute"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/routes/{route}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a route */
        get: operations["getRoute"];
        /** Replace a route */
        put: operations["replaceRoute"];
        post?: never;
        /** Delete a route */
        delete: operations["deleteRoute"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List sites */
        get: operations["listSites"];
        put?: never;
        /** Create a site */
        post: operations["createSite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/sites/{site}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a site */
        get: operations["getSite"];
        /** Replace a site */
        put: operations["replaceSite"];
        post?: never;
        /** Delete a site */
        delete: operations["deleteSite"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/sites/{site}/services": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List services */
        get: operations["listServices"];
        put?: never;
        /** Create a service */
        post: operations["createService"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/sites/{site}/services/{service}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a service */
        get: operations["getService"];
        /** Replace a service */
        put: operations["replaceService"];
        post?: never;
        /** Delete a service */
        delete: operations["deleteService"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List tokens */
        get: operations["listTokens"];
        put?: never;
        /** Create a token */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tenants/{tenant}/tokens/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get a token */
        get: operations["getToken"];
        put?: never;
        post?: never;
        /** Delete a token */
        delete: operations["deleteToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/whoami": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who the caller is, and what roles he has where */
        get: operations["whoami"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description IPv4 address without leading zeros
         * @example 10.0.0.10
         */
        Address: string;
        App: {
            metadata: components["schemas"]["Metadata"];
            spec: components["schemas"]["AppSpec"];
            status: components["schemas"]["AppStatus"];
        };
        /**
         * @default {
         *       "kind": "tenant",
         *       "callers": [],
         *       "enforcement": "where_possible"
         *     }
         */
        AppAccess: {
            /** @default [] */
            callers: components["schemas"]["AppCaller"][];
            /**
             * @description required: it runs only in clusters whose network is known to enforce this
             * @default where_possible
             * @enum {string}
             */
            enforcement: "required" | "where_possible";
            /**
             * @description Isolation group of the tenant that the app is of
             * @example berlin
             */
            group?: string;
            /**
             * @description tenant: every app of the tenant may call it. group: only apps of its group, and the callers below. listed: only these callers.
             * @default tenant
             * @enum {string}
             */
            kind: "tenant" | "group" | "listed";
        };
        AppAssignment: {
            cluster: string;
            replicas: number;
            /** @description How many of these stand in for lost ones */
            standIns: number;
            /**
             * @description lost: the cluster has been silent for longer than the app bears; they may still run, and have stand-ins elsewhere
             * @enum {string}
             */
            state: "present" | "lost";
        };
        AppCaller: {
            app: components["schemas"]["Name"];
            /** @enum {string} */
            kind: "app";
            /** @description As the manifest has them; absent: all of the app */
            ports?: components["schemas"]["PolicyPort"][];
        } | {
            /** @enum {string} */
            kind: "prefix";
            /** @description As the manifest has them; absent: all of the app */
            ports?: components["schemas"]["PolicyPort"][];
            prefix: components["schemas"]["Cidr"];
        };
        AppCreation: {
            metadata: components["schemas"]["OwnedNaming"];
            spec: components["schemas"]["AppSpec"];
        };
        AppEndpoint: {
            address: components["schemas"]["Address"];
            cluster: components["schemas"]["Name"];
            ports: components["schemas"]["NamedPort"][];
            /**
             * @description It is of the release that comes by stages
             * @enum {string}
             */
            track?: "next";
        };
        AppFile: {
            content: string;
            /** @default 420 */
            mode: number;
            path: string;
        };
        /** @default {} */
        AppHealth: {
            live?: components["schemas"]["Probe"];
            ready?: components["schemas"]["Probe"];
            start?: components["schemas"]["Probe"];
        };
        AppInstance: {
            cluster: string;
            containers: components["schemas"]["ContainerStatus"][];
            observedAt?: components["schemas"]["Timestamp"];
            /** @description Of any release */
            ready: number;
            /** @description The newest one that the cluster was told */
            release: number;
            stage?: components["schemas"]["StageTold"];
            statements: components["schemas"]["Statement"][];
            /**
             * @description next: beside what runs, while a release comes by stages
             * @enum {string}
             */
            track?: "next";
            /** @description Of the newest release, and ready */
            updated: number;
            wanted: number;
        };
        AppList: {
            items: components["schemas"]["App"][];
            next?: string;
        };
        AppPort: {
            /** @description Also at this port of every node that runs a container, of which there is then one a node */
            hostPort?: number;
            name: components["schemas"]["Name"];
            port: components["schemas"]["Port"];
            protocol?: components["schemas"]["Protocol"];
        };
        AppRelease: {
            /** @description Clusters are told to run it, alone or as the stable one */
            isRunning: boolean;
            release: number;
            /**
             * @description failed: the newest, and it was taken back
             * @enum {string}
             */
            state: "newest" | "past" | "failed";
            template: components["schemas"]["AppTemplate"];
            /**
             * Format: date-time
             * @description When a newer one took its place
             * @example 2026-01-31T12:00:00.000Z
             */
            until?: string;
        };
        AppReleaseList: {
            /** @description The newest first */
            items: components["schemas"]["AppRelease"][];
        };
        AppReplacement: {
            metadata?: components["schemas"]["Ownership"];
            spec: components["schemas"]["AppSpec"];
        };
        /** @default {} */
        AppResources: {
            cpuMillis?: number;
            cpuMillisMax?: number;
            memoryMib?: number;
            memoryMibMax?: number;
        };
        AppSecret: {
            as: {
                /** @enum {string} */
                kind: "variable";
                name: string;
            } | {
                /** @enum {string} */
                kind: "file";
                path: string;
            };
            key: string;
            /** @description Name in the app's namespace of the cluster */
            secret: string;
        };
        AppSpec: {
            access?: components["schemas"]["AppAccess"];
            arguments?: string[];
            command?: string[];
            disconnect?: components["schemas"]["DisconnectContract"];
            /** @default {} */
            environment: {
                [key: string]: string;
            };
            /** @default [] */
            files: components["schemas"]["AppFile"][];
            health?: components["schemas"]["AppHealth"];
            image: string;
            /**
             * @description At once, by any voluntary cause
             * @default 1
             */
            maxUnavailable: number;
            /**
             * @description Of the cluster; the tenant's name if absent
             * @example berlin
             */
            namespace?: string;
            /**
             * @description rebuildInPlace: new containers on the same nodes with the same volumes and addresses
             * @default rolling
             * @enum {string}
             */
            onChange: "rolling" | "rebuildInPlace";
            onFileChange?: components["schemas"]["Reload"];
            placement?: components["schemas"]["Placement"];
            /**
             * @description Its containers have addresses of this pool
             * @example berlin
             */
            pool?: string;
            /** @default [] */
            ports: components["schemas"]["AppPort"][];
            /**
             * @default if_absent
             * @enum {string}
             */
            pullPolicy: "always" | "if_absent" | "never";
            replicas?: components["schemas"]["Replicas"];
            resources?: components["schemas"]["AppResources"];
            /**
             * @description reuse: an exited container is brought up again in its place before anything new is made
             * @default reuse
             * @enum {string}
             */
            restart: "reuse" | "new";
            /** @default [] */
            secrets: components["schemas"]["AppSecret"][];
            /** @default 30 */
            stopSeconds: number;
            upgrade?: components["schemas"]["Upgrade"];
            /** @default [] */
            volumes: components["schemas"]["AppVolume"][];
        };
        AppStatus: {
            conditions: components["schemas"]["Condition"][];
            /** @description What the hostname and routes lead to */
            endpoints: components["schemas"]["AppEndpoint"][];
            /** @description Leads to its ready containers, wherever they run */
            hostname: string;
            instances: components["schemas"]["AppInstance"][];
            /** @description Absent until it was looked for a place */
            placed?: {
                assignments: components["schemas"]["AppAssignment"][];
                at: components["schemas"]["Timestamp"];
                /** @description Of those wanted, how many have no place */
                unplaced: number;
                /** @description In all clusters together */
                wanted: number;
                /** @description Each choice and each refusal, in sentences */
                why: string[];
            };
            /** @description Number of the newest release: rises with every change of the template */
            release: number;
            /** @description The release that clusters are told to run: an older one while the newest has failed */
            running: number;
            /** @description Of an app that scales, once its number was chosen */
            scaled?: {
                /**
                 * Format: date-time
                 * @description Since when it is this number
                 * @example 2026-01-31T12:00:00.000Z
                 */
                at: string;
                /**
                 * @description steady: it follows what is measured. held: fewer would do, but have not for long enough. limited: more than max would be needed. unknown: a measure is missing, so that there are not fewer.
                 * @enum {string}
                 */
                state: "steady" | "held" | "limited" | "unknown";
                wanted: number;
                why: string;
            };
            /** @description Absent unless a release is on its way by stages */
            stage?: {
                kind: components["schemas"]["StageKind"];
                /** @description What it waits for */
                message: string;
                name: string;
                percent?: number;
                /** @description The release that is on its way in or out */
                release: number;
                since: components["schemas"]["Timestamp"];
                /** @description Of a canary, from 1 */
                step?: number;
                /** @description Nobody goes on before somebody promotes it */
                waitsForPromotion: boolean;
            };
        };
        AppTemplate: {
            access?: components["schemas"]["AppAccess"];
            arguments?: string[];
            command?: string[];
            disconnect?: components["schemas"]["DisconnectContract"];
            /** @default {} */
            environment: {
                [key: string]: string;
            };
            /** @default [] */
            files: components["schemas"]["AppFile"][];
            health?: components["schemas"]["AppHealth"];
            image: string;
            /**
             * @description At once, by any voluntary cause
             * @default 1
             */
            maxUnavailable: number;
            /**
             * @description rebuildInPlace: new containers on the same nodes with the same volumes and addresses
             * @default rolling
             * @enum {string}
             */
            onChange: "rolling" | "rebuildInPlace";
            onFileChange?: components["schemas"]["Reload"];
            /**
             * @description Its containers have addresses of this pool
             * @example berlin
             */
            pool?: string;
            /** @default [] */
            ports: components["schemas"]["AppPort"][];
            /**
             * @default if_absent
             * @enum {string}
             */
            pullPolicy: "always" | "if_absent" | "never";
            replicas?: components["schemas"]["Replicas"];
            resources?: components["schemas"]["AppResources"];
            /**
             * @description reuse: an exited container is brought up again in its place before anything new is made
             * @default reuse
             * @enum {string}
             */
            restart: "reuse" | "new";
            /** @default [] */
            secrets: components["schemas"]["AppSecret"][];
            /** @default 30 */
            stopSeconds: number;
            upgrade?: components["schemas"]["Upgrade"];
            /** @default [] */
            volumes: components["schemas"]["AppVolume"][];
        };
        AppUsage: {
            /** @description Ready ones that were measured */
            containers: number;
            /** @description Of all of these together */
            cpuMillis: number;
            /** @description Why nothing is known of it here; the numbers say nothing then */
            unknown?: string;
        };
        AppVolume: {
            /** @description Storage class; the cluster's default if absent */
            class?: string;
            name: components["schemas"]["Name"];
            path: string;
            sizeMib: number;
        };
        Attention: {
            /** @description Faults first, then by age, the oldest first; 200 at most */
            items: components["schemas"]["Matter"][];
            /** @description How many more there are */
            omitted: number;
        };
        Backup: {
            bytes: number;
            etcdVersion: string;
            name: string;
            revision: number;
            sha256: string;
            takenAt: components["schemas"]["Timestamp"];
            tookMs: number;
        };
        BackupSpec: {
            /** @description No drills if absent */
            drillEveryMinutes?: number;
            /** @default 60 */
            everyMinutes: number;
            /** @default 24 */
            keep: number;
            store: components["schemas"]["BackupStore"];
        };
        BackupStore: {
            /** @enum {string} */
            kind: "directory";
            path: string;
        } | {
            bucket: string;
            /**
             * Format: uri
             * @description AWS's own if absent
             */
            endpoint?: string;
            /** @enum {string} */
            kind: "s3";
            /** @default  */
            prefix: string;
            /** @default us-east-1 */
            region: string;
        };
        Binding: {
            metadata: components["schemas"]["Metadata"];
            spec: components["schemas"]["BindingSpec"];
            status: components["schemas"]["BindingStatus"];
        };
        BindingCreation: {
            metadata: components["schemas"]["OwnedNaming"];
            spec: components["schemas"]["BindingSpec"];
        };
        BindingList: {
            items: components["schemas"]["Binding"][];
            next?: string;
        };
        BindingReplacement: {
            metadata?: components["schemas"]["Ownership"];
            spec: components["schemas"]["BindingSpec"];
        };
        BindingSpec: {
            /** @default  */
            description: string;
            /**
             * @description viewer, operator, admin, or a role of the tenant or the deployment
             * @example berlin
             */
            role: string;
            /** @description Only at these sites; as the sites of a rule */
            sites?: components["schemas"]["Name"][];
            who: components["schemas"]["BindingSubject"];
        };
        BindingStatus: Record<string, never>;
        BindingSubject: {
            /**
             * Format: uri
             * @description As its tokens name it
             */
            issuer: string;
            /** @enum {string} */
            kind: "person";
            subject: string;
        } | {
            group: string;
            /**
             * Format: uri
             * @description As its tokens name it
             */
            issuer: string;
            /** @enum {string} */
            kind: "group";
        } | {
            /**
             * @description Other claims that must be there, as patterns
             * @default {}
             */
            claims: {
                [key: string]: string;
            };
            /**
             * Format: uri
             * @description As its tokens name it
             */
            issuer: string;
            /** @enum {string} */
            kind: "machine";
            /**
             * @example repo:acme/shop:ref:refs/heads/main
             * @example repo:acme/*:environment:production
             */
            subject: string;
        };
        BrowserAccess: {
            /** @description What is missing, and what to do */
            detail: string;
            /** @description Its public name at the hubs, CLUSTER.TENANT.DOMAIN; absent without a domain */
            host?: string;
            /** @enum {string} */
            state: "ready" | "no_domain" | "not_passed_on" | "no_edge" | "not_told" | "absent" | "unreadable" | "other_names" | "not_yet_valid" | "expired";
            /**
             * Format: date-time
             * @description End of the certificate that its edge has for the name
             * @example 2026-01-31T12:00:00.000Z
             */
            until?: string;
        };
        CachedType: {
            bytes: number;
            lastUsedSeconds: number;
            objects: number;
            resource: string;
            /** @enum {string} */
            state: "syncing" | "synced" | "stale" | "dropped";
            watchers: number;
        };
        CanaryStep: {
            /** @description How long it must be up in one go before the next step; until somebody promotes it if absent */
            holdSeconds?: number;
            /** @description Containers of the new release beside the replicas of the old one, rounded up */
            percent: number;
        };
        Capacity: {
            cpuMillis: number;
            memoryMib: number;
            pods: number;
        };
        /**
         * @description Canonical IPv4 prefix: no leading zeros, no host bits
         * @example 10.0.0.0/24
         */
        Cidr: string;
        Cluster: {
            metadata: components["schemas"]["Metadata"];
            spec: components["schemas"]["ClusterSpec"];
            status: components["schemas"]["ClusterStatus"];
        };
        /**
         * @default {
         *       "viewer": [
         *         "isthmus:viewers"
         *       ],
         *       "operator": [
         *         "isthmus:operators"
         *       ],
         *       "admin": [
         *         "isthmus:admins"
         *       ],
         *       "keys": [],
         *       "bindings": []
         *     }
         */
        ClusterAccess: {
            /**
             * @default [
             *       "isthmus:admins"
             *     ]
             */
            admin: components["schemas"]["ClusterGroup"][];
            /**
             * @description Bindings of the tenant by name, likewise; one with a role that is not built in gives no groups otherwise
             * @default []
             */
            bindings: {
                binding: components["schemas"]["Name"];
                groups: components["schemas"]["ClusterGroup"][];
            }[];
            /**
             * @description Keys of the tenant by name; an empty list of groups shuts a key out
             * @default []
             */
            keys: {
                groups: components["schemas"]["ClusterGroup"][];
                key: string;
            }[];
            /**
             * @default [
             *       "isthmus:operators"
             *     ]
             */
            operator: components["schemas"]["ClusterGroup"][];
            /**
             * @default [
             *       "isthmus:viewers"
             *     ]
             */
            viewer: components["schemas"]["ClusterGroup"][];
        };
        ClusterAttached: {
            host: string;
            site: components["schemas"]["Name"];
            tenant: components["schemas"]["Name"];
        };
        ClusterAttachment: {
            authority: string;
            kind: components["schemas"]["ClusterKind"];
            knows?: string[];
        };
        ClusterCredential: {
            expiresAt: components["schemas"]["Timestamp"];
            groups: string[];
            /**
             * @description viewer, operator, admin, or a role of the tenant or the deployment
             * @example berlin
             */
            role: string;
            subject: string;
            token: string;
        };
        ClusterFacts: {
            allocatable: components["schemas"]["Capacity"];
            capacity: components["schemas"]["Capacity"];
            /** @description For browsers; told where the deployment has a domain of clusters */
            certificate?: {
                /** @description What was found, and what to do */
                detail: string;
                /** @enum {string} */
                state: "served" | "absent" | "unreadable" | "other_names" | "not_yet_valid" | "expired";
                until?: components["schemas"]["Timestamp"];
            };
            etcd?: components["schemas"]["EtcdStatus"];
            /** @description Of that, what workloads take that are not of Isthmus; absent where it is not known */
            foreign?: {
                cpuMillis: number;
                memoryMib: number;
                pods: number;
            };
            /** @description That some node has; absent where it is not known */
            images?: string[];
            network?: components["schemas"]["ClusterNetwork"];
            nodes: components["schemas"]["ClusterNode"][];
            /** @description From its edge to the hub that it uses, and back; told beside other facts only */
            rttMs?: number;
            statements: components["schemas"]["Statement"][];
            version: string;
        };
        ClusterGroup: string;
        /** @enum {string} */
        ClusterKind: "kubernetes" | "swarm" | "mesos" | "marathon" | "docker";
        ClusterList: {
            items: components["schemas"]["Cluster"][];
            next?: string;
        };
        ClusterNetwork: {
            /** @description How this was found, and what it means */
            detail: string;
            /** @enum {string} */
            overlay: "none" | "vxlan" | "ipip" | "unknown";
            /** @enum {string} */
            plugin: "calico" | "cilium" | "flannel" | "weave" | "kube-router" | "antrea" | "bridge" | "isthmus" | "unknown";
            podPrefixes: components["schemas"]["Cidr"][];
            /**
             * @description What becomes of a NetworkPolicy
             * @enum {string}
             */
            policies: "enforced" | "ignored" | "unknown";
            /**
             * @description routable: pod addresses can be reached from other sites once exposed. by_service: only services can.
             * @enum {string}
             */
            reachability: "routable" | "by_service";
            servicePrefix?: components["schemas"]["Cidr"];
        };
        ClusterNode: {
            addresses: components["schemas"]["Address"][];
            capacity: components["schemas"]["Capacity"];
            evidence: string;
            labels: {
                [key: string]: string;
            };
            name: string;
            /** @enum {string} */
            ready: "True" | "False" | "Unknown";
            schedulable: boolean;
            /**
             * @description cut_off: the API server has not heard from it, but somebody at the site has
             * @enum {string}
             */
            verdict: "alive" | "cut_off" | "dead" | "unknown";
            version: string;
        };
        ClusterReplacement: {
            metadata?: components["schemas"]["Ownership"];
            spec: components["schemas"]["ClusterSpec"];
        };
        ClusterReport: {
            apps?: {
                app: components["schemas"]["Name"];
                instance: components["schemas"]["AppInstance"];
            }[];
            events?: components["schemas"]["SiteEvent"][];
            facts?: components["schemas"]["ClusterFacts"];
            requests?: components["schemas"]["RequestAnalysis"];
            reservations?: {
                address: components["schemas"]["Address"];
                app: string;
                cluster: components["schemas"]["Name"];
                holder: string;
                node: string;
                pool: components["schemas"]["Name"];
                /**
                 * @description kept: its container is gone and expected back
                 * @enum {string}
                 */
                state: "held" | "kept";
            }[];
            services?: components["schemas"]["FoundService"][];
            usage?: {
                app: components["schemas"]["Name"];
                usage: components["schemas"]["AppUsage"];
            }[];
        };
        ClusterSpec: {
            access?: components["schemas"]["ClusterAccess"];
            /** @description Snapshots of etcd and drills of their recovery; off if absent */
            backup?: {
                /** @description No drills if absent */
                drillEveryMinutes?: number;
                /** @default 60 */
                everyMinutes: number;
                /** @default 24 */
                keep: number;
                store: components["schemas"]["BackupStore"];
            };
            /**
             * @description What placements go by as cluster.KEY
             * @default {}
             */
            labels: {
                [key: string]: string;
            };
            /**
             * @description exec: what passes through exec and attach is recorded at the site, or refused if it can not be
             * @default none
             * @enum {string}
             */
            record: "none" | "exec";
            /**
             * @description Where it stands; set when it is attached, and not changed after
             * @example berlin
             */
            site: string;
        };
        ClusterStatus: {
            /** @description PEM of the site's authority that signed the proxy's certificate */
            authority: string;
            browser: components["schemas"]["BrowserAccess"];
            conditions: components["schemas"]["Condition"][];
            /** @description The edge that holds the credentials */
            edge: string;
            facts?: components["schemas"]["ClusterFacts"];
            /** @description Server name at the hubs */
            host: string;
            kind: components["schemas"]["ClusterKind"];
            observedAt?: components["schemas"]["Timestamp"];
            /** @description Hubs that pass clients through to it; any of them will do */
            servers: string[];
        };
        Condition: {
            lastTransitionTime: components["schemas"]["Timestamp"];
            message: string;
            /** @example HandshakeFresh */
            reason: string;
            /** @enum {string} */
            status: "True" | "False" | "Unknown";
            /** @example Ready */
            type: string;
        };
        /**
         * @description One test of a label: `cloud == aliyun`, `site.region != eu`, `node.zone in (a, b)`, `cluster.name not like test-*`, `node.gpu` (there is one), `!node.spot` (there is none). Without site, cluster or node before it, the label is the cluster's or else its site's.
         * @example node.role == manager
         */
        Constraint: string;
        ContainerStatus: {
            address: string;
            lastLines: string[];
            message: string;
            name: string;
            node: string;
            /** @description Ports that are reached elsewhere than at its own address, where its cluster chose the place */
            published?: {
                address: string;
                name: components["schemas"]["Name"];
                port: components["schemas"]["Port"];
            }[];
            /**
             * @default none
             * @enum {string}
             */
            reason: "none" | "image_pull" | "crash_loop" | "out_of_memory" | "unschedulable" | "config_missing" | "volume_pending" | "probe_failing" | "node_lost" | "address_pending" | "other";
            release: number;
            restarts: number;
            /** @enum {string} */
            state: "waiting" | "starting" | "running" | "ready" | "stopping" | "exited";
        };
        Deployment: {
            /**
             * @description Suffix of every name
             * @example isthmus.internal
             */
            domain: string;
            /** @description Virtual pools, the first one first */
            pools: components["schemas"]["Cidr"][];
            roots: components["schemas"]["SigningRoot"][];
            /** @description Of the control plane */
            version: string;
        };
        Difference: {
            after?: string;
            before?: string;
            /** @description JSON pointer into the spec */
            path: string;
        };
        /**
         * @default {
         *       "lostAfterSeconds": 300,
         *       "replace": false,
         *       "reconcile": "keep_newest"
         *     }
         */
        DisconnectContract: {
            /** @default 300 */
            lostAfterSeconds: number;
            /**
             * @description Which stay when both are back
             * @default keep_newest
             * @enum {string}
             */
            reconcile: "keep_oldest" | "keep_newest";
            /**
             * @description Make containers elsewhere once they count as lost
             * @default false
             */
            replace: boolean;
        };
        Discovery: {
            instance: string;
            service: string;
        };
        /**
         * @description divide: the replicas of the app are divided over the clusters. each: every cluster that it may use runs all of them.
         * @default {
         *       "kind": "divide",
         *       "by": "free"
         *     }
         */
        Division: {
            /**
             * @description free: in proportion to how many more would fit, times how good a place it is. evenly: as equal as can be. weights: in proportion to these.
             * @default free
             * @enum {string}
             */
            by: "free" | "evenly" | "weights";
            /** @enum {string} */
            kind: "divide";
            /** @description By cluster, for by: weights; a cluster that is not named has none */
            weights?: {
                [key: string]: number;
            };
        } | {
            /** @enum {string} */
            kind: "each";
        };
        Drill: {
            /**
             * Format: date-time
             * @description When people asked for it; absent if it was due
             * @example 2026-01-31T12:00:00.000Z
             */
            asked?: string;
            at: components["schemas"]["Timestamp"];
            backup: string;
            detail: string;
            hash?: string;
            keys?: number;
            /** @description Read back through a throw-away API server */
            objectsRead?: number;
            /** @enum {string} */
            outcome: "passed" | "failed";
            /** @description RTO: from the start of the restore to the first object read */
            recoveryMs?: number;
            revision?: number;
            /** @description RPO: age of the snapshot when the drill began */
            snapshotAgeMs?: number;
            /** @description Those that were done, of a drill that was asked for */
            steps?: components["schemas"]["DrillStep"][];
        };
        DrillStep: {
            /** @enum {string} */
            name: "fetch" | "restore" | "etcd" | "api_server" | "read_back";
            tookMs: number;
        };
        DrillWish: {
            asked: components["schemas"]["Timestamp"];
        };
        Edge: {
            metadata: components["schemas"]["Metadata"];
            spec: components["schemas"]["EdgeSpec"];
            status: components["schemas"]["EdgeStatus"];
        };
        /** @description The number of the key that the edge has, and since when it has it */
        EdgeKey: {
            number: number;
            since: components["schemas"]["Timestamp"];
        };
        EdgeList: {
            items: components["schemas"]["Edge"][];
            next?: string;
        };
        EdgeReplacement: {
            metadata?: components["schemas"]["Ownership"];
            spec: components["schemas"]["EdgeSpec"];
        };
        EdgeSpec: {
            /** @description Until then the edge has no tunnel */
            approved: boolean;
            /** @description The WireGuard key that is wanted: one more has the edge make a new one. Absent: as it is */
            keyNumber?: number;
            /**
             * @description Cut off, but kept
             * @default false
             */
            quarantined: boolean;
            site: components["schemas"]["Name"];
        };
        EdgeStatus: {
            accepted: components["schemas"]["Cidr"][];
            /** @description The hub that its traffic goes by, as it last told */
            activeHub?: string;
            advertised: components["schemas"]["Cidr"][];
            agent: string;
            /** @description What the agent last reported as applied */
            applied?: {
                at: components["schemas"]["Timestamp"];
                epoch: number;
                generation: number;
            };
            conditions: components["schemas"]["Condition"][];
            /** @description The newest compiled document */
            document?: {
                epoch: number;
                generation: number;
            };
            features?: string[];
            /** @description What was wrong on its host when it last told; absent if it never did */
            findings?: components["schemas"]["Finding"][];
            key?: components["schemas"]["EdgeKey"];
            links: components["schemas"]["Link"][];
            nextKey?: components["schemas"]["NextKey"];
            refused: components["schemas"]["RefusedAdvert"][];
            tunnelAddress: components["schemas"]["Address"];
            version: string;
            wireguardKey: string;
        };
        /** @example 198.51.100.10:51820 */
        Endpoint: string;
        Enrolled: {
            agent: string;
            approved: boolean;
            /** @enum {string} */
            role: "edge" | "hub";
            roots: components["schemas"]["SigningRoot"][];
            site?: string;
            tenant?: string;
            tunnelAddress: components["schemas"]["Address"];
        };
        Enrolment: {
            instance?: components["schemas"]["InstanceProof"];
            proof: string;
            statement: components["schemas"]["EnrolmentStatement"];
        };
        EnrolmentStatement: {
            advertise: components["schemas"]["Cidr"][];
            hostname: string;
            /**
             * @description Hub whose slot this instance fills; `instance` proves it
             * @example berlin
             */
            hub?: string;
            /** @description Ed25519 public key: SPKI, DER in base64 */
            identityKey: string;
            /** @description Or `hub`, for an instance of a slot */
            token?: string;
            version: string;
            wireguardKey: components["schemas"]["WireguardKey"];
        };
        Envelope: {
            agent: string;
            /** @enum {string} */
            alg: "ES256";
            epoch: number;
            generation: number;
            manifestHash: components["schemas"]["Hash"];
            /** @description Only with it does an agent take a higher epoch */
            recovery?: boolean;
        };
        EtcdMember: {
            alarms: string[];
            commitP99Ms: number | null;
            databaseBytes: number;
            databaseInUseBytes: number;
            detail: string;
            endpoint: string;
            fsyncP99Ms: number | null;
            healthy: boolean;
            id: string;
            isLeader: boolean;
            leaderChanges: number;
            quotaBytes: number;
            raftIndex: number;
            raftTerm: number;
            version: string;
        };
        EtcdStatus: {
            advice: string[];
            /** @description Newest first */
            backups: components["schemas"]["Backup"][];
            /** @description Newest first */
            drills: components["schemas"]["Drill"][];
            members: components["schemas"]["EtcdMember"][];
        };
        Event: {
            /** @enum {string} */
            action: "create" | "update" | "delete" | "enrol" | "refuse" | "report" | "issue";
            /** @description key:NAME, person:SUBJECT, machine:SUBJECT, agent:ID, nobody or system */
            actor: string;
            by?: components["schemas"]["EventActor"];
            changes?: components["schemas"]["Difference"][];
            /** @description One sentence, without secrets */
            detail: string;
            /** @description Address that the request came from, as the platform saw it */
            from?: string;
            id: string;
            kind: string;
            name: string;
            /** @description How many more changes there were */
            omitted?: number;
            /** @description Id of the request that caused it */
            request?: string;
            /** @enum {string} */
            result?: "done" | "refused";
            /** @description * for the deployment */
            tenant: string;
            time: components["schemas"]["Timestamp"];
        };
        EventActor: {
            issuer?: string;
            /** @enum {string} */
            kind: "key" | "person" | "machine" | "nobody";
            name: string;
            subject?: string;
            tenant?: string;
        };
        EventList: {
            items: components["schemas"]["Event"][];
            next?: string;
        };
        ExplainedWay: {
            /** @description Site where it begins */
            from: string;
            /**
             * @description That allows it
             * @example berlin
             */
            policy?: string;
            /** @description As the manifest of an app has them; empty: all (others) */
            ports: components["schemas"]["PolicyPort"][];
            /** @description Site where it ends */
            to: string;
            /**
             * @description not_enforced: packets do not pass an edge or hub, and no cluster is known to filter them
             * @enum {string}
             */
            verdict: "allowed" | "denied" | "not_enforced";
            /** @description One sentence */
            why: string;
        };
        Explanation: {
            from: components["schemas"]["PolicyEndText"];
            /** @description What else decides, or is not known */
            notes: string[];
            to: components["schemas"]["PolicyEndText"];
            /**
             * @description mixed: the ways differ. nowhere: one of the ends has no address
             * @enum {string}
             */
            verdict: "allowed" | "denied" | "mixed" | "not_enforced" | "nowhere";
            ways: components["schemas"]["ExplainedWay"][];
        };
        FieldFault: {
            detail: string;
            pointer: string;
        };
        Finding: {
            code: string;
            fix: string;
            /** @enum {string} */
            level: "ok" | "warning" | "error";
            message: string;
        };
        Flow: {
            from: components["schemas"]["Cidr"][];
            ports: components["schemas"]["FlowPort"][];
            to: components["schemas"]["Cidr"][];
        };
        FlowPort: {
            port: components["schemas"]["Port"];
            protocol: components["schemas"]["Protocol"];
        };
        FoundService: {
            address: string;
            name: components["schemas"]["Name"];
            port: components["schemas"]["Port"];
            protocol: components["schemas"]["Protocol"];
            /** @description Public HTTPS path to it */
            route?: {
                host: string;
                path: string;
            };
            /** @description NAMESPACE/NAME in the cluster */
            source: string;
        };
        Granted: {
            role: string;
            sites?: string[];
            tenant: string;
        };
        Hash: string;
        Health: {
            /** @enum {string} */
            status: "ok";
        };
        /** @example shop.example.com */
        Hostname: string;
        Hub: {
            metadata: components["schemas"]["Metadata"];
            spec: components["schemas"]["HubSpec"];
            status: components["schemas"]["HubStatus"];
        };
        HubCreation: {
            metadata: components["schemas"]["OwnedNaming"];
            spec: components["schemas"]["HubSpec"];
        };
        HubList: {
            items: components["schemas"]["Hub"][];
            next?: string;
        };
        HubPeer: {
            endpoint: components["schemas"]["Endpoint"];
            name: components["schemas"]["Name"];
            publicKey: string;
            tunnelAddress: components["schemas"]["Address"];
        };
        HubReplacement: {
            metadata?: components["schemas"]["Ownership"];
            spec: components["schemas"]["HubSpec"];
        };
        HubSpec: {
            /**
             * @description Public UDP address:port that edges dial
             * @example 198.51.100.10:51820
             */
            endpoint: string;
            /**
             * @description Hubs of a group hold the same peers
             * @default main
             * @example berlin
             */
            group: string;
            /** @description Absent for a hub that is no cloud instance */
            slot?: {
                /** @description AWS account of the instance role */
                account: string;
                /**
                 * @description Private address of the interface
                 * @example 10.0.0.10
                 */
                address: string;
                discovery?: components["schemas"]["Discovery"];
                interface: string;
                /** @description Managed prefix list for native prefixes; ours alone */
                prefixList?: string;
                /** @description Of the WireGuard key that is kept for the slot */
                publicKey: string;
                /**
                 * Format: uri
                 * @description Queue with the messages to this hub
                 */
                queue: string;
                /** @description Name of the instance role; who holds it may enrol as this hub */
                role: string;
                /** @description Id of the secret that keeps the WireGuard key */
                secret: string;
                /** @description Table that says which hub owns the routes */
                table: string;
                vpc: string;
            };
            /** @description The VPC site whose hosts reach the data centers by this hub */
            vpc?: {
                site: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
        };
        HubStatus: {
            agent: string;
            applied?: {
                at: components["schemas"]["Timestamp"];
                epoch: number;
                generation: number;
            };
            /** @description PEM of the gateway's own certificate, to verify it by */
            certificate?: string;
            conditions: components["schemas"]["Condition"][];
            document?: {
                epoch: number;
                generation: number;
            };
            features?: string[];
            /** @description What was wrong on its host when it last told; absent if it never did */
            findings?: components["schemas"]["Finding"][];
            /** @description Who owns the routes of the VPC that the hub's slot lies in */
            owner?: {
                epoch: number;
                /** @description Name of the hub */
                hub: string;
                /** @description Why ownership moved there */
                reason: string;
                /** Format: date-time */
                since: string;
                vpc: string;
            };
            tunnelAddress: components["schemas"]["Address"];
            version?: string;
            /** @description Absent until the hub has enrolled; of a slot, the slot's */
            wireguardKey?: string;
        };
        HubTokenCreation: {
            spec: components["schemas"]["HubTokenSpec"];
        };
        HubTokenSpec: {
            /** @default 60 */
            minutes: number;
        };
        InstanceProof: {
            headers: {
                [key: string]: string;
            };
            region: string;
        };
        Key: {
            metadata: components["schemas"]["Metadata"];
            spec: components["schemas"]["KeySpec"];
            status: components["schemas"]["KeyStatus"];
        };
        KeyCreated: {
            metadata: components["schemas"]["Metadata"];
            /** @description Shown once */
            secret: string;
            spec: components["schemas"]["KeySpec"];
            status: components["schemas"]["KeyStatus"];
        };
        KeyCreation: {
            metadata: components["schemas"]["Naming"];
            spec: components["schemas"]["KeySpec"];
        };
        KeyList: {
            items: components["schemas"]["Key"][];
            next?: string;
        };
        KeyOrder: {
            next?: components["schemas"]["WireguardKey"];
            present: components["schemas"]["WireguardKey"];
            rotate: boolean;
        };
        KeySpec: {
            /** @default  */
            description: string;
            /**
             * @description viewer, operator, admin, or a role of the tenant or the deployment
             * @example berlin
             */
            role: string;
        };
        KeyStatus: Record<string, never>;
        LabelSubject: {
            key: string;
            /** @enum {string} */
            kind: "attribute" | "label";
            /** @enum {string} */
            scope: "nearest" | "site" | "cluster" | "node";
        };
        LabelTest: {
            /** @enum {string} */
            operator: "in" | "not_in" | "like" | "not_like" | "exists" | "absent";
            subject: components["schemas"]["LabelSubject"];
            values: string[];
        };
        Link: {
            handshakeAgeSeconds?: number;
            hub: string;
            observedAt: components["schemas"]["Timestamp"];
            probeAgeSeconds?: number;
            receivedBytes: number;
            sentBytes: number;
            spoofedPackets: number;
            up: boolean;
        };
        Liveness: {
            /** @description Absent if all peers are in this request */
            part?: {
                count: number;
                index: number;
                round: number;
            };
            peers: {
                agent: string;
                handshakeAgeSeconds?: number;
                probeAgeSeconds?: number;
                receivedBytes: number;
                sentBytes: number;
                spoofedPackets: number;
                up: boolean;
            }[];
            /** @description In the first part; absent while the gateway does not run */
            requests?: components["schemas"]["RequestRate"][];
        };
        Manifest: {
            bytes: number;
            hash: components["schemas"]["Hash"];
            name: string;
        }[];
        Mapping: {
            real: components["schemas"]["Cidr"];
            virtual: components["schemas"]["Cidr"];
        };
        Matter: {
            /** @enum {string} */
            kind: "tenant" | "hub" | "site" | "edge" | "cluster" | "app" | "service" | "route" | "policy" | "pool";
            /**
             * @description It does not work; it waits for what a person decides; nothing is known of it; or it is under way, and has been for less than two minutes
             * @enum {string}
             */
            level: "fault" | "decision" | "unknown" | "passing";
            message: string;
            /** @description Of a service SITE/NAME */
            name: string;
            reason: string;
            /** @description What to do; empty where the message says it, or it passes */
            remedy: string;
            since: components["schemas"]["Timestamp"];
            /** @enum {string} */
            status: "True" | "False" | "Unknown";
            /** @description Of the condition */
            type: string;
        };
        Messages: {
            /** @description Ask again no sooner than this */
            againSeconds?: number;
            changed: string[];
            cursor: string;
        };
        Metadata: {
            createdAt: components["schemas"]["Timestamp"];
            /** @description Rises by one with every change of spec or owner; the ETag is this number in quotes */
            generation: number;
            name: string;
            /**
             * @description Whose manifests it is kept by (`isthmus apply --owner`); absent if nobody said so
             * @example berlin
             */
            owner?: string;
            tenant?: string;
            updatedAt: components["schemas"]["Timestamp"];
            /** @description Rises by one with every write, of what is told as well */
            version: number;
        };
        /** @example berlin */
        Name: string;
        NamedPort: {
            name: components["schemas"]["Name"];
            port: components["schemas"]["Port"];
        };
        Naming: {
            name: components["schemas"]["Name"];
        };
        /** @description Made by the edge, and not in use on all legs yet */
        NextKey: {
            number: number;
            publicKey: components["schemas"]["WireguardKey"];
            since: components["schemas"]["Timestamp"];
        };
        NodeRules: {
            constraints: components["schemas"]["LabelTest"][];
            groupBy?: components["schemas"]["LabelSubject"];
            maxPerNode?: number;
            preferences: {
                test: components["schemas"]["LabelTest"];
                weight: number;
            }[];
        };
        OwnedNaming: {
            name: components["schemas"]["Name"];
            owner?: components["schemas"]["Name"];
        };
        Ownership: {
            /**
             * @description null: nobody; absent: as it is
             * @example berlin
             */
            owner?: string | null;
            /** @description Also if it is of another owner, who loses it */
            takeOwnership?: boolean;
        };
        Pair: {
            from: components["schemas"]["Cidr"];
            to: components["schemas"]["Cidr"];
        };
        /**
         * @default {
         *       "division": {
         *         "kind": "divide",
         *         "by": "free"
         *       },
         *       "constraints": [],
         *       "preferences": [],
         *       "spread": [],
         *       "uniquePerNode": false,
         *       "residency": "anywhere",
         *       "priority": 50,
         *       "latencyTo": []
         *     }
         */
        Placement: {
            /** @description Private sites first; the public cloud while they have no room, and back again */
            burst?: {
                /**
                 * @description Private room must have been there this long before replicas return to it
                 * @default 600
                 */
                holdSeconds: number;
                /**
                 * @description Of a private cluster, that stays free after a return
                 * @default 10
                 */
                marginPercent: number;
            };
            /** @description Only these clusters of the tenant; all of them if absent */
            clusters?: components["schemas"]["Name"][];
            /**
             * @description All of them hold, always
             * @default []
             */
            constraints: components["schemas"]["Constraint"][];
            division?: components["schemas"]["Division"];
            /**
             * @description Inside a cluster, as even as can be over the values of this label of its nodes
             * @example node.rack
             */
            groupBy?: string;
            /**
             * @description Apps that it calls: it is placed near to them
             * @default []
             */
            latencyTo: components["schemas"]["Name"][];
            maxPerNode?: number;
            /**
             * @description Clusters, and nodes in them, are better by this weight where the constraint holds
             * @default []
             */
            preferences: components["schemas"]["Preference"][];
            /**
             * @description Where room is short, an app with a higher one takes the place of a lower one
             * @default 50
             */
            priority: number;
            /**
             * @description inside: sites of your own alone, never the public cloud
             * @default anywhere
             * @enum {string}
             */
            residency: "inside" | "anywhere";
            /**
             * @description Keep the replicas apart; the first counts most
             * @default []
             */
            spread: components["schemas"]["Spread"][];
            /**
             * @description At most one replica a node
             * @default false
             */
            uniquePerNode: boolean;
        };
        Policy: {
            metadata: components["schemas"]["Metadata"];
            spec: components["schemas"]["PolicySpec"];
            status: components["schemas"]["PolicyStatus"];
        };
        PolicyCreation: {
            metadata: components["schemas"]["OwnedNaming"];
            spec: components["schemas"]["PolicySpec"];
        };
        PolicyEnd: {
            /**
             * @description The containers of this app, wherever they run
             * @example berlin
             */
            app?: string;
            /**
             * @description The containers of all apps of this isolation group
             * @example berlin
             */
            group?: string;
            /**
             * @description Of the site: the address of this service alone
             * @example berlin
             */
            service?: string;
            /**
             * @description All that the site exposes
             * @example berlin
             */
            site?: string;
        };
        /**
         * @description Write site/NAME, service/SITE/NAME, app/NAME or group/NAME.
         * @example app/web
         */
        PolicyEndText: string;
        PolicyList: {
            items: components["schemas"]["Policy"][];
            next?: string;
        };
        PolicyPort: {
            port: components["schemas"]["Port"];
            protocol?: components["schemas"]["Protocol"];
        };
        /** @example tcp/443 */
        PolicyPortText: string;
        PolicyPreview: {
            /** @enum {string} */
            change: "created" | "replaced" | "deleted" | "none";
            cut: components["schemas"]["PreviewedPair"][];
            /** @description What else decides, in sentences */
            notes: string[];
            /** @description Pairs that were not looked at, because there are too many */
            omitted: number;
            opened: components["schemas"]["PreviewedPair"][];
        };
        PolicyPreviewRequest: {
            /** @description As it would be; absent: as if it were deleted */
            spec?: {
                from: components["schemas"]["PolicyEnd"];
                /**
                 * @description Of an app: as its manifest has them, whatever they are published at. Empty: every protocol and port of a site; the own ones of a service or an app.
                 * @default []
                 */
                ports: components["schemas"]["PolicyPort"][];
                to: components["schemas"]["PolicyEnd"];
            };
        };
        PolicyReplacement: {
            metadata?: components["schemas"]["Ownership"];
            spec: components["schemas"]["PolicySpec"];
        };
        PolicySpec: {
            from: components["schemas"]["PolicyEnd"];
            /**
             * @description Of an app: as its manifest has them, whatever they are published at. Empty: every protocol and port of a site; the own ones of a service or an app.
             * @default []
             */
            ports: components["schemas"]["PolicyPort"][];
            to: components["schemas"]["PolicyEnd"];
        };
        PolicyStatus: {
            conditions: components["schemas"]["Condition"][];
        };
        Pool: {
            metadata: components["schemas"]["Metadata"];
            spec: components["schemas"]["PoolSpec"];
            status: components["schemas"]["PoolStatus"];
        };
        PoolCreation: {
            metadata: components["schemas"]["OwnedNaming"];
            spec: components["schemas"]["PoolSpec"];
        };
        PoolList: {
            items: components["schemas"]["Pool"][];
            next?: string;
        };
        PoolRange: {
            cluster: components["schemas"]["Name"];
            /**
             * @description Real addresses inside an exposed prefix of the cluster's site; /20 or narrower
             * @example 10.0.0.0/24
             */
            prefix: string;
        };
        PoolReplacement: {
            metadata?: components["schemas"]["Ownership"];
            spec: components["schemas"]["PoolSpec"];
        };
        PoolSpec: {
            ranges: components["schemas"]["PoolRange"][];
        };
        PoolStatus: {
            conditions: components["schemas"]["Condition"][];
            free: number;
            reservations: components["schemas"]["Reservation"][];
            size: number;
            /** @description When the edge of each cluster told of its reservations; absent: never yet */
            told: {
                cluster: components["schemas"]["Name"];
                observedAt?: components["schemas"]["Timestamp"];
            }[];
        };
        Port: number;
        Preference: {
            constraint: components["schemas"]["Constraint"];
            /** @default 50 */
            weight: number;
        };
        PreviewedPair: {
            from: components["schemas"]["PolicyEndText"];
            to: components["schemas"]["PolicyEndText"];
            ways: {
                /** @description Site where it begins */
                from: string;
                /** @description As the manifest of an app has them; empty: all (others) */
                ports: components["schemas"]["PolicyPort"][];
                /** @description Site where it ends */
                to: string;
            }[];
        };
        Principal: {
            grants: components["schemas"]["Granted"][];
            /** @description Of who signed in elsewhere */
            issuer?: string;
            /** @enum {string} */
            kind: "key" | "person" | "machine";
            name: string;
            role: string;
            subject?: string;
            tenant: string;
        };
        Probe: {
            command?: string[];
            /** @default 3 */
            failures: number;
            http?: {
                path: string;
                port: components["schemas"]["Port"];
            };
            /** @default 10 */
            periodSeconds: number;
            tcp?: {
                port: components["schemas"]["Port"];
            };
            /** @default 2 */
            timeoutSeconds: number;
        };
        Problem: {
            /** @enum {string} */
            code: "invalid" | "malformed" | "too_large" | "unsupported_media_type" | "unauthenticated" | "clock_skew" | "forbidden" | "not_found" | "misdirected" | "foreign_origin" | "method_not_allowed" | "already_exists" | "idempotency_conflict" | "stale" | "precondition_required" | "owned" | "no_backup" | "in_use" | "prefix_outside_allotment" | "prefix_overlaps" | "prefix_reserved" | "prefix_too_wide" | "pool_exhausted" | "native_collision" | "address_outside_site" | "host_taken" | "quota_exceeded" | "token_invalid" | "token_expired" | "token_used" | "proof_invalid" | "rate_limited" | "not_staged" | "busy" | "internal";
            /** @description What went wrong here and what to do next */
            detail: string;
            errors?: components["schemas"]["FieldFault"][];
            /** @description The request id, as in the audit log */
            instance?: string;
            status: number;
            title: string;
            /** @example https://isthmus.dev/problems/stale */
            type: string;
        };
        Proof: {
            cut: boolean;
            edge: components["schemas"]["Name"];
            site: components["schemas"]["Name"];
            /** @enum {string} */
            verdict: "pending" | "refused" | "passed" | "unreached" | "uncounted";
        };
        /**
         * @default tcp
         * @enum {string}
         */
        Protocol: "tcp" | "udp";
        RefusedAdvert: {
            detail: string;
            prefix: components["schemas"]["Cidr"];
            /** @enum {string} */
            reason: "outside_allotment" | "outside_token" | "overlaps" | "narrower" | "reserved" | "too_wide" | "pool_exhausted";
        };
        /**
         * @default {
         *       "kind": "restart"
         *     }
         */
        Reload: {
            /** @enum {string} */
            kind: "restart";
        } | {
            /** @enum {string} */
            kind: "signal";
            /** @enum {string} */
            signal: "HUP" | "USR1" | "USR2" | "INT" | "WINCH";
        } | {
            /** @enum {string} */
            kind: "http";
            /**
             * @default POST
             * @enum {string}
             */
            method: "GET" | "POST" | "PUT";
            path: string;
            port: components["schemas"]["Port"];
        };
        /** @default 1 */
        Replicas: number | components["schemas"]["Scaling"];
        Report: {
            activeHub?: string;
            advertise: components["schemas"]["Cidr"][];
            applied?: {
                epoch: number;
                generation: number;
            };
            certificate?: string;
            features?: string[];
            findings: components["schemas"]["Finding"][];
            /** @description Of an edge whose document asks for them */
            proofs?: components["schemas"]["Proof"][];
            /** @description A document that the agent would not take, or rolled back */
            refused?: {
                epoch: number;
                generation: number;
                reason: string;
            };
            rotation?: components["schemas"]["RotationReport"];
            version: string;
            wireguardKey: components["schemas"]["WireguardKey"];
        };
        RequestAnalysis: {
            accessReviews: number;
            advice: string[];
            budgetBytes: number;
            coalesced: number;
            fromCache: number;
            openStreams: number;
            requests: number;
            talkers: components["schemas"]["Talker"][];
            types: components["schemas"]["CachedType"][];
            upstream: number;
            upstreamLists: number;
            upstreamWatches: number;
            usedBytes: number;
            windowSeconds: number;
        };
        RequestRate: {
            app: components["schemas"]["Name"];
            perSecond: number;
            port: components["schemas"]["Name"];
            tenant: components["schemas"]["Name"];
        };
        Reservation: {
            address: components["schemas"]["Address"];
            app: string;
            cluster: components["schemas"]["Name"];
            holder: string;
            node: string;
            /**
             * @description kept: its container is gone and expected back
             * @enum {string}
             */
            state: "held" | "kept";
        };
        RightAnswer: {
            allowed: boolean;
            /** @description Which role gives it, or what it would take */
            reason: string;
        };
        /** @enum {string} */
        RightKind: "tenant" | "site" | "service" | "route" | "policy" | "edge" | "hub" | "token" | "key" | "cluster" | "app" | "pool" | "role" | "binding" | "event" | "deployment";
        RightQuestion: {
            kind: components["schemas"]["RightKind"];
            /**
             * @description Of one thing; all of them if absent
             * @example berlin
             */
            name?: string;
            site?: components["schemas"]["Name"];
            tenant?: components["schemas"]["Name"];
            verb: components["schemas"]["Verb"];
        };
        Role: {
            metadata: components["schemas"]["Metadata"];
            spec: components["schemas"]["RoleSpec"];
            status: components["schemas"]["RoleStatus"];
        };
        RoleCreation: {
            metadata: components["schemas"]["OwnedNaming"];
            spec: components["schemas"]["RoleSpec"];
        };
        RoleList: {
            items: components["schemas"]["Role"][];
            next?: string;
        };
        RoleReplacement: {
            metadata?: components["schemas"]["Ownership"];
            spec: components["schemas"]["RoleSpec"];
        };
        RoleSpec: {
            /** @default  */
            description: string;
            rules: components["schemas"]["Rule"][];
        };
        RoleStatus: Record<string, never>;
        Roots: {
            roots: components["schemas"]["SigningRoot"][];
        };
        RotationReport: {
            nextKey: components["schemas"]["WireguardKey"];
            /** @description What keeps it from the next step */
            waitsFor?: string;
        };
        Route: {
            metadata: components["schemas"]["Metadata"];
            spec: components["schemas"]["RouteSpec"];
            status: components["schemas"]["RouteStatus"];
        };
        RouteCreation: {
            metadata: components["schemas"]["OwnedNaming"];
            spec: components["schemas"]["RouteSpec"];
        };
        RouteList: {
            items: components["schemas"]["Route"][];
            next?: string;
        };
        RouteReplacement: {
            metadata?: components["schemas"]["Ownership"];
            spec: components["schemas"]["RouteSpec"];
        };
        RouteSpec: {
            /** @description Ready containers of the app, in whatever clusters they run */
            app?: {
                name: components["schemas"]["Name"];
                /**
                 * @description The name that the app's manifest gives it
                 * @example berlin
                 */
                port: string;
            };
            host: components["schemas"]["Hostname"];
            /**
             * @description Prefix by whole segments; the longest prefix wins
             * @default /
             */
            path: string;
            /** @description One address at one site */
            service?: {
                name: components["schemas"]["Name"];
                site: components["schemas"]["Name"];
            };
        };
        RouteStatus: {
            /**
             * @description The cluster that it was found in and goes with; once a person has replaced it, it is theirs
             * @example berlin
             */
            cluster?: string;
            conditions: components["schemas"]["Condition"][];
        };
        Rule: {
            kinds: (components["schemas"]["RightKind"] | "*")[];
            /** @description Only things of these names; a list shows those alone */
            names?: string[];
            /** @description Only at these sites: gives nothing of kinds that stand at no site, such as apps */
            sites?: components["schemas"]["Name"][];
            verbs: (components["schemas"]["Verb"] | "*")[];
        };
        Scaling: {
            /** @description Of the CPU that a container asks for (cpuMillis; else of the most that it may use, else of one core). 70 if there is nothing else that it goes by. */
            cpuPercent?: number;
            /** @description How long fewer must have been enough before there are fewer; 300 if absent */
            holdSeconds?: number;
            max: number;
            min: number;
            /** @description At the gateway, by all routes to the app, for each container */
            requestsPerSecond?: number;
            schedule?: components["schemas"]["ScalingWindow"][];
        };
        ScalingWindow: {
            /**
             * @description On which it begins
             * @default [
             *       "mon",
             *       "tue",
             *       "wed",
             *       "thu",
             *       "fri",
             *       "sat",
             *       "sun"
             *     ]
             */
            days: components["schemas"]["Weekday"][];
            from: string;
            min: number;
            /** @default UTC */
            timezone: string;
            /** @description Not after from: it ends on the day after. The same as from: a whole day. */
            to: string;
        };
        Service: {
            metadata: components["schemas"]["Metadata"];
            spec: components["schemas"]["ServiceSpec"];
            status: components["schemas"]["ServiceStatus"];
        };
        ServiceCreation: {
            metadata: components["schemas"]["OwnedNaming"];
            spec: components["schemas"]["ServiceSpec"];
        };
        ServiceList: {
            items: components["schemas"]["Service"][];
            next?: string;
        };
        ServiceReplacement: {
            metadata?: components["schemas"]["Ownership"];
            spec: components["schemas"]["ServiceSpec"];
        };
        ServiceSpec: {
            /**
             * @description Real address, inside an exposed prefix of the site
             * @example 10.0.0.10
             */
            address: string;
            port: components["schemas"]["Port"];
            protocol?: components["schemas"]["Protocol"];
        };
        ServiceStatus: {
            /**
             * @description The cluster that it was found in and goes with; once a person has replaced it, it is theirs
             * @example berlin
             */
            cluster?: string;
            conditions: components["schemas"]["Condition"][];
            hostname: string;
            site: string;
            virtualAddress?: components["schemas"]["Address"];
        };
        SignedDocument: {
            envelope: components["schemas"]["Envelope"];
            key: string;
            manifest: components["schemas"]["Manifest"];
            signature: string;
        };
        SignIn: {
            issuers: components["schemas"]["SignInIssuer"][];
        };
        /** @description Ids of public clients at the issuer */
        SignInClients: {
            cli?: string;
            console?: string;
        };
        SigningRoot: {
            id: string;
            /** @description SPKI, DER in base64 */
            publicKey: string;
        };
        SignInIssuer: {
            clients: components["schemas"]["SignInClients"];
            issuer: string;
            /** @description To be sent to the issuer as `resource` */
            resource?: string;
            scopes: string[];
        };
        Site: {
            metadata: components["schemas"]["Metadata"];
            spec: components["schemas"]["SiteSpec"];
            status: components["schemas"]["SiteStatus"];
        };
        SiteCreation: {
            metadata: components["schemas"]["OwnedNaming"];
            spec: components["schemas"]["SiteSpec"];
        };
        SiteEvent: {
            /**
             * @example drill.failed
             * @example exec.recorded
             * @example access.ended
             */
            action: string;
            actor: string;
            at: components["schemas"]["Timestamp"];
            detail: string;
            id: string;
        };
        SiteList: {
            items: components["schemas"]["Site"][];
            next?: string;
        };
        SiteReplacement: {
            metadata?: components["schemas"]["Ownership"];
            spec: components["schemas"]["SiteSpec"];
        };
        SiteSpec: {
            /** @description Real prefixes that this site may ever expose; what an edge advertises outside is refused */
            allotment: components["schemas"]["Cidr"][];
            /**
             * @description Of a CPU an hour, in any one currency; 0 for what is paid anyway
             * @default 0
             */
            costPerCpu: number;
            /**
             * @default datacenter
             * @enum {string}
             */
            kind: "datacenter" | "vpc";
            /**
             * @description What placements go by as site.KEY
             * @default {}
             * @example {
             *       "region": "eu"
             *     }
             */
            labels: {
                [key: string]: string;
            };
            /**
             * @description routed: LAN hosts have a route for the virtual pools to the edge. masquerade: they need none, and see the edge as source.
             * @default routed
             * @enum {string}
             */
            lan: "routed" | "masquerade";
            /**
             * @description Sites of the tenant to reach by real addresses, without translation; takes effect when both ask
             * @default []
             */
            native: components["schemas"]["Name"][];
            /**
             * @description Real prefixes exposed now; each lies in the allotment, and they are disjoint
             * @default []
             */
            prefixes: components["schemas"]["Cidr"][];
        };
        SiteStatus: {
            conditions: components["schemas"]["Condition"][];
            prefixes: components["schemas"]["Mapping"][];
        };
        Spread: {
            /** @example site */
            by: string;
            /** @description A replica is added nowhere where it would make this place exceed the emptiest by more than this; without it, as even as room allows */
            maxSkew?: number;
        };
        StageChoice: {
            /** @description Only if this is the stage, as the status names it */
            stage?: string;
        };
        /** @enum {string} */
        StageKind: "canary" | "promoting" | "preparing" | "switching" | "holding" | "replacing" | "rejoining" | "returning";
        StageOrder: {
            /** @description The track is `held` once it was up so long in one go; never if absent */
            holdSeconds?: number;
            /** @description Another one for each stage of each release */
            name: string;
            /** @description Tracks that are asked under the app's name */
            serving: components["schemas"]["Track"][];
        };
        StageTold: {
            name: string;
            /** @enum {string} */
            state: "coming" | "up" | "held";
        };
        Statement: {
            message: string;
            reason: string;
            /** @enum {string} */
            status: "True" | "False" | "Unknown";
            type: string;
        };
        Talker: {
            bytes: number;
            coalesced: number;
            errors: number;
            fromCache: number;
            p50Ms: number;
            p99Ms: number;
            perMinute: number;
            program: string;
            requests: number;
            resource: string;
            subject: string;
            upstream: number;
            verb: string;
        };
        Tenant: {
            metadata: components["schemas"]["Metadata"];
            spec: components["schemas"]["TenantSpec"];
            status: components["schemas"]["TenantStatus"];
        };
        TenantCreation: {
            metadata: components["schemas"]["OwnedNaming"];
            spec: components["schemas"]["TenantSpec"];
        };
        TenantList: {
            items: components["schemas"]["Tenant"][];
            next?: string;
        };
        TenantReplacement: {
            metadata?: components["schemas"]["Ownership"];
            spec: components["schemas"]["TenantSpec"];
        };
        TenantSpec: {
            /** @default  */
            description: string;
            /**
             * @description open: the sites of the tenant reach each other. isolated: only what a policy allows.
             * @default open
             * @enum {string}
             */
            isolation: "open" | "isolated";
            /**
             * @description What its apps may take together, without limit if absent, and how much there may be in it. Set by roles of the deployment alone
             * @default {}
             */
            quota: {
                /**
                 * @description How many of a kind it may have; what is absent is as for everybody
                 * @example {
                 *       "site": 20,
                 *       "key": 10
                 *     }
                 */
                counts?: {
                    app?: number;
                    binding?: number;
                    cluster?: number;
                    edge?: number;
                    key?: number;
                    policy?: number;
                    pool?: number;
                    role?: number;
                    route?: number;
                    service?: number;
                    site?: number;
                    token?: number;
                };
                cpuMillis?: number;
                memoryMib?: number;
                replicas?: number;
            };
        };
        TenantStatus: {
            conditions: components["schemas"]["Condition"][];
        };
        /**
         * Format: date-time
         * @example 2026-01-31T12:00:00.000Z
         */
        Timestamp: string;
        Token: {
            metadata: components["schemas"]["Metadata"];
            spec: components["schemas"]["TokenTerms"];
            status: components["schemas"]["TokenStatus"];
        };
        TokenCreated: {
            /** @description The command to run on the host, with --token-file FILE */
            install: string;
            metadata: components["schemas"]["Metadata"];
            /** @description Shown once; write it to a file for the installer */
            secret: string;
            spec: components["schemas"]["TokenTerms"];
            status: components["schemas"]["TokenStatus"];
        };
        TokenCreation: {
            spec: components["schemas"]["TokenSpec"];
        };
        TokenList: {
            items: components["schemas"]["Token"][];
            next?: string;
        };
        TokenSpec: {
            /**
             * @description true: the edge needs no approval by a person
             * @default false
             */
            approve: boolean;
            /** @default 60 */
            minutes: number;
            /** @description Prefixes that the edge may advertise; absent: every one of the allotment */
            prefixes?: components["schemas"]["Cidr"][];
            /**
             * @description The site whose edge may enrol
             * @example berlin
             */
            site: string;
        };
        TokenStatus: {
            expiresAt: components["schemas"]["Timestamp"];
            /** @enum {string} */
            state: "unused" | "used" | "expired";
            /** @description Id of the agent that it enrolled */
            usedBy?: string;
        };
        TokenTerms: {
            approve: boolean;
            hub?: string;
            minutes: number;
            prefixes?: components["schemas"]["Cidr"][];
            site?: string;
        };
        /** @enum {string} */
        Track: "stable" | "next";
        /**
         * @default {
         *       "kind": "rolling",
         *       "maxSurge": 1,
         *       "deadlineSeconds": 600,
         *       "rollback": true
         *     }
         */
        Upgrade: {
            /**
             * @description A release that a cluster does not have up so long after it was told has failed; each stage begins anew
             * @default 600
             */
            deadlineSeconds: number;
            /**
             * @description New containers first; an old one goes once a new one is ready
             * @enum {string}
             */
            kind: "rolling";
            /**
             * @description Containers beyond the replicas, at once, in each cluster, where old ones are replaced by new ones
             * @default 1
             */
            maxSurge: number;
            /**
             * @description A failed release is taken back: the last one that was up everywhere runs again
             * @default true
             */
            rollback: boolean;
        } | {
            /**
             * @description false: the new release is up and not asked until somebody promotes it
             * @default true
             */
            autoPromotion: boolean;
            /**
             * @description A release that a cluster does not have up so long after it was told has failed; each stage begins anew
             * @default 600
             */
            deadlineSeconds: number;
            /**
             * @description How long the old release stays beside, so that a way back is a switch
             * @default 60
             */
            holdSeconds: number;
            /**
             * @description All of the new release beside all of the old one; then one takes over from the other in one go
             * @enum {string}
             */
            kind: "blueGreen";
            /**
             * @description Containers beyond the replicas, at once, in each cluster, where old ones are replaced by new ones
             * @default 1
             */
            maxSurge: number;
            /**
             * @description A failed release is taken back: the last one that was up everywhere runs again
             * @default true
             */
            rollback: boolean;
        } | {
            /**
             * @description A release that a cluster does not have up so long after it was told has failed; each stage begins anew
             * @default 600
             */
            deadlineSeconds: number;
            /**
             * @description A growing share of the new release answers beside the old one, step by step
             * @enum {string}
             */
            kind: "canary";
            /**
             * @description Containers beyond the replicas, at once, in each cluster, where old ones are replaced by new ones
             * @default 1
             */
            maxSurge: number;
            /**
             * @description A failed release is taken back: the last one that was up everywhere runs again
             * @default true
             */
            rollback: boolean;
            steps: components["schemas"]["CanaryStep"][];
        };
        /** @enum {string} */
        Verb: "read" | "write" | "administer";
        /** @enum {string} */
        Weekday: "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";
        WireguardKey: string;
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    attachCluster: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                cluster: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClusterAttachment"];
            };
        };
        responses: {
            /** @description Known */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterAttached"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. `clock_skew`: The request was signed at a time too far from now. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reportCluster: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                cluster: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClusterReport"];
            };
        };
        responses: {
            /** @description Kept */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. `clock_skew`: The request was signed at a time too far from now. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readDocument: {
        parameters: {
            query?: never;
            header?: {
                /** @description ETag of the document that the agent has */
                "If-None-Match"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Poll-Seconds"?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedDocument"];
                };
            };
            /** @description The agent has the newest */
            304: {
                headers: {
                    ETag?: string;
                    "Isthmus-Poll-Seconds"?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. `clock_skew`: The request was signed at a time too far from now. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    readLeaf: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                hash: components["schemas"]["Hash"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The leaf */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        agent: string;
                        domain: string;
                        keys?: components["schemas"]["KeyOrder"];
                        /** @enum {string} */
                        kind: "self";
                        listenPort?: components["schemas"]["Port"];
                        pollSeconds: number;
                        pools: components["schemas"]["Cidr"][];
                        /** @enum {string} */
                        role: "edge" | "hub";
                        site?: string;
                        tenant?: string;
                        tunnelAddress: components["schemas"]["Address"];
                    } | {
                        /** @enum {string} */
                        kind: "roots";
                        roots: components["schemas"]["SigningRoot"][];
                    } | {
                        hubs: components["schemas"]["HubPeer"][];
                        /** @enum {string} */
                        kind: "hubs";
                    } | {
                        /** @enum {string} */
                        kind: "network";
                        /** @enum {string} */
                        lan: "routed" | "masquerade";
                        native: {
                            prefixes: components["schemas"]["Cidr"][];
                            site: components["schemas"]["Name"];
                        }[];
                        prefixes: components["schemas"]["Mapping"][];
                        site: components["schemas"]["Name"];
                        tenant: components["schemas"]["Name"];
                    } | {
                        callers?: components["schemas"]["Flow"][];
                        /** @description Real addresses that must not begin anything to these prefixes */
                        confined?: {
                            from: components["schemas"]["Cidr"][];
                            to: components["schemas"]["Cidr"][];
                        };
                        flows: components["schemas"]["Flow"][];
                        guarded?: {
                            ports: components["schemas"]["FlowPort"][];
                            to: components["schemas"]["Cidr"][];
                        }[];
                        /** @enum {string} */
                        inbound: "tenant" | "listed";
                        /** @enum {string} */
                        kind: "policy";
                    } | {
                        address: components["schemas"]["Address"];
                        isolated: boolean;
                        /** @enum {string} */
                        kind: "proof";
                        peers: {
                            address: components["schemas"]["Address"];
                            edge: string;
                            site: components["schemas"]["Name"];
                        }[];
                    } | {
                        /** @enum {string} */
                        kind: "names";
                        services: {
                            name: components["schemas"]["Name"];
                            port: components["schemas"]["Port"];
                            protocol: components["schemas"]["Protocol"];
                            real: components["schemas"]["Address"];
                            virtual: components["schemas"]["Address"];
                        }[];
                        site: components["schemas"]["Name"];
                        tenant: components["schemas"]["Name"];
                    } | {
                        apps: {
                            endpoints: {
                                ports: components["schemas"]["NamedPort"][];
                                real: components["schemas"]["Address"];
                                virtual: components["schemas"]["Address"];
                            }[];
                            name: components["schemas"]["Name"];
                        }[];
                        /** @enum {string} */
                        kind: "apps";
                        site: components["schemas"]["Name"];
                        tenant: components["schemas"]["Name"];
                    } | {
                        agent: string;
                        edge: string;
                        /** @enum {string} */
                        kind: "peer";
                        native: components["schemas"]["Cidr"][];
                        nextKey?: string;
                        publicKey: string;
                        site: components["schemas"]["Name"];
                        tenant: components["schemas"]["Name"];
                        tunnelAddress: components["schemas"]["Address"];
                        virtual: components["schemas"]["Cidr"][];
                    } | {
                        /** @enum {string} */
                        isolation: "open" | "isolated";
                        /** @enum {string} */
                        kind: "tenant";
                        native: components["schemas"]["Pair"][];
                        pairs: components["schemas"]["Pair"][];
                        tenant: components["schemas"]["Name"];
                    } | {
                        apps?: {
                            app: components["schemas"]["Name"];
                            host: string;
                            /** @enum {boolean} */
                            isCounted?: true;
                            name: components["schemas"]["Name"];
                            path: string;
                            port: components["schemas"]["Name"];
                        }[];
                        /** @enum {string} */
                        kind: "routes";
                        routes: {
                            address: components["schemas"]["Address"];
                            host: string;
                            name: components["schemas"]["Name"];
                            path: string;
                            port: components["schemas"]["Port"];
                        }[];
                        tenant: components["schemas"]["Name"];
                    } | {
                        hubs: components["schemas"]["HubPeer"][];
                        /** @enum {string} */
                        kind: "twins";
                    } | {
                        destinations: string[];
                        hubs: {
                            discovery?: components["schemas"]["Discovery"];
                            interface: string;
                            name: components["schemas"]["Name"];
                        }[];
                        /** @enum {string} */
                        kind: "slot";
                        /** Format: uri */
                        queue: string;
                        table: string;
                        vpc: string;
                    } | {
                        access: {
                            groups: components["schemas"]["ClusterGroup"][];
                            subject: string;
                            user: string;
                        }[];
                        backup?: components["schemas"]["BackupSpec"];
                        bindings?: {
                            groups: components["schemas"]["ClusterGroup"][];
                            who: components["schemas"]["BindingSubject"];
                        }[];
                        browsers?: {
                            host: string;
                            origins: string[];
                        };
                        cluster: components["schemas"]["Name"];
                        drill?: components["schemas"]["DrillWish"];
                        host: string;
                        issuers: components["schemas"]["SigningRoot"][];
                        /** @enum {string} */
                        kind: "cluster";
                        /** @enum {string} */
                        record: "none" | "exec";
                        tenant: components["schemas"]["Name"];
                        type: components["schemas"]["ClusterKind"];
                    } | {
                        app: components["schemas"]["Name"];
                        cluster: components["schemas"]["Name"];
                        /** @enum {string} */
                        kind: "workload";
                        namespace: components["schemas"]["Name"];
                        nodes?: components["schemas"]["NodeRules"];
                        release: number;
                        sample?: {
                            cpuMillis: number;
                        };
                        stage?: components["schemas"]["StageOrder"];
                        template: components["schemas"]["AppTemplate"];
                        tenant: components["schemas"]["Name"];
                        /** @enum {string} */
                        track?: "next";
                    } | {
                        cluster: components["schemas"]["Name"];
                        /** @enum {string} */
                        kind: "pool";
                        pool: components["schemas"]["Name"];
                        prefixes: components["schemas"]["Cidr"][];
                        tenant: components["schemas"]["Name"];
                    } | {
                        clusters: {
                            address: components["schemas"]["Address"];
                            host: string;
                            port: components["schemas"]["Port"];
                        }[];
                        /** @enum {string} */
                        kind: "clusters";
                        tenant: components["schemas"]["Name"];
                    };
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. `clock_skew`: The request was signed at a time too far from now. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    reportLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Liveness"];
            };
        };
        responses: {
            /** @description Kept */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. `clock_skew`: The request was signed at a time too far from now. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    receiveMessages: {
        parameters: {
            query?: {
                /** @description Of the answer before */
                cursor?: string;
                wait?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Hints; they may be lost or doubled */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Messages"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. `clock_skew`: The request was signed at a time too far from now. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    report: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Report"];
            };
        };
        responses: {
            /** @description Kept */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. `clock_skew`: The request was signed at a time too far from now. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getAttention: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is not as it should be */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Attention"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeploymentBindings: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BindingList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createDeploymentBinding: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BindingCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Binding"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDeploymentBinding: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                binding: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Binding"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replaceDeploymentBinding: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                binding: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BindingReplacement"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Binding"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `owned`: The resource is kept by the manifests of another owner. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteDeploymentBinding: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                binding: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    canI: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RightQuestion"];
            };
        };
        responses: {
            /** @description Yes or no */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RightAnswer"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The deployment */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    enrol: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Enrolment"];
            };
        };
        responses: {
            /** @description The identity, the same for the same key */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Enrolled"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `proof_invalid`: The proof of possession, or of the instance role, does not hold. `token_invalid`: The enrolment token is not known. `token_expired`: The enrolment token has expired. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `token_used`: The enrolment token was used by another key. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `pool_exhausted`: The virtual pools have no free prefix of this length. */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeploymentEvents: {
        parameters: {
            query?: {
                action?: "create" | "update" | "delete" | "enrol" | "refuse" | "report" | "issue";
                actor?: string;
                kind?: string;
                limit?: number;
                name?: string;
                /** @description `next` of the page before */
                page?: string;
                result?: "done" | "refused";
                /** @description From this time on */
                since?: string;
                /** @description Before this time */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the audit log */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exportDeploymentEvents: {
        parameters: {
            query?: {
                action?: "create" | "update" | "delete" | "enrol" | "refuse" | "report" | "issue";
                actor?: string;
                kind?: string;
                limit?: number;
                name?: string;
                /** @description `next` of the page before */
                page?: string;
                result?: "done" | "refused";
                /** @description From this time on */
                since?: string;
                /** @description Before this time */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An event a line */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/jsonl": string;
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listHubs: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HubList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createHub: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HubCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Hub"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `pool_exhausted`: The virtual pools have no free prefix of this length. */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getHub: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                hub: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Hub"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replaceHub: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                hub: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HubReplacement"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Hub"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `owned`: The resource is kept by the manifests of another owner. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `pool_exhausted`: The virtual pools have no free prefix of this length. */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteHub: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                hub: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `in_use`: Something else still depends on the resource. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listHubTokens: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path: {
                hub: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createHubToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path: {
                hub: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["HubTokenCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenCreated"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. `prefix_outside_allotment`: The prefix is not inside the site's allotment. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getHubToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                hub: components["schemas"]["Name"];
                token: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteHubToken: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                hub: components["schemas"]["Name"];
                token: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeploymentKeys: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createDeploymentKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyCreated"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDeploymentKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteDeploymentKey: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                key: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listDeploymentRoles: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createDeploymentRole: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getDeploymentRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                role: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replaceDeploymentRole: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                role: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleReplacement"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `owned`: The resource is kept by the manifests of another owner. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteDeploymentRole: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                role: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `in_use`: Something else still depends on the resource. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRoots: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The roots */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Roots"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSignIn: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The issuers; none if all come with keys */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignIn"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTenants: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TenantList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createTenant: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TenantCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTenant: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replaceTenant: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TenantReplacement"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Tenant"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `owned`: The resource is kept by the manifests of another owner. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteTenant: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `in_use`: Something else still depends on the resource. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listApps: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AppList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createApp: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AppCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["App"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getApp: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                app: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["App"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replaceApp: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                app: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AppReplacement"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["App"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `owned`: The resource is kept by the manifests of another owner. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteApp: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                app: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    abortApp: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                app: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StageChoice"];
            };
        };
        responses: {
            /** @description The app */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["App"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_staged`: The app has no release on its way by stages, or is at another stage. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    promoteApp: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                app: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StageChoice"];
            };
        };
        responses: {
            /** @description The app */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["App"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_staged`: The app has no release on its way by stages, or is at another stage. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listReleases: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                app: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The releases */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AppReleaseList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteReleases: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                app: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Forgotten */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getTenantAttention: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What is not as it should be */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Attention"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listBindings: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BindingList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createBinding: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BindingCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Binding"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getBinding: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                binding: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Binding"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replaceBinding: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                binding: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BindingReplacement"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Binding"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `owned`: The resource is kept by the manifests of another owner. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteBinding: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                binding: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listClusters: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getCluster: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                cluster: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Cluster"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replaceCluster: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                cluster: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClusterReplacement"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Cluster"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `owned`: The resource is kept by the manifests of another owner. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteCluster: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                cluster: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `in_use`: Something else still depends on the resource. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createClusterCredential: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                cluster: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Shown once; ask again for another */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ClusterCredential"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    drillCluster: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                cluster: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Asked for; the drill that is held for it has the same `asked` */
            202: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DrillWish"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `no_backup`: There is no snapshot that a recovery could be rehearsed with. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getClusterMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                cluster: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The newest figures */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getClusterRequests: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                cluster: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The newest analysis */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    "Last-Modified"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RequestAnalysis"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEdges: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EdgeList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getEdge: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                edge: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Edge"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replaceEdge: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                edge: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["EdgeReplacement"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Edge"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `owned`: The resource is kept by the manifests of another owner. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteEdge: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                edge: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `in_use`: Something else still depends on the resource. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                action?: "create" | "update" | "delete" | "enrol" | "refuse" | "report" | "issue";
                actor?: string;
                kind?: string;
                limit?: number;
                name?: string;
                /** @description `next` of the page before */
                page?: string;
                result?: "done" | "refused";
                /** @description From this time on */
                since?: string;
                /** @description Before this time */
                until?: string;
            };
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the audit log */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EventList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    exportEvents: {
        parameters: {
            query?: {
                action?: "create" | "update" | "delete" | "enrol" | "refuse" | "report" | "issue";
                actor?: string;
                kind?: string;
                limit?: number;
                name?: string;
                /** @description `next` of the page before */
                page?: string;
                result?: "done" | "refused";
                /** @description From this time on */
                since?: string;
                /** @description Before this time */
                until?: string;
            };
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description An event a line */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    Link?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/jsonl": string;
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    explainPolicy: {
        parameters: {
            query: {
                /** @description Write site/NAME, service/SITE/NAME, app/NAME or group/NAME. */
                from: components["schemas"]["PolicyEndText"];
                port?: components["schemas"]["PolicyPortText"];
                /** @description Write site/NAME, service/SITE/NAME, app/NAME or group/NAME. */
                to: components["schemas"]["PolicyEndText"];
            };
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The explanation */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explanation"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listKeys: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createKey: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["KeyCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["KeyCreated"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                key: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Key"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteKey: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                key: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPolicies: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createPolicy: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PolicyCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                policy: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replacePolicy: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                policy: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PolicyReplacement"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `owned`: The resource is kept by the manifests of another owner. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deletePolicy: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                policy: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    previewPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                policy: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PolicyPreviewRequest"];
            };
        };
        responses: {
            /** @description What would change */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyPreview"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listPools: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PoolList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createPool: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PoolCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pool"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. `prefix_overlaps`: The prefix, or the range of a pool, overlaps another one of the same site. `in_use`: Something else still depends on the resource. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. `address_outside_site`: The address or range is in none of the exposed prefixes of the site. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getPool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                pool: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pool"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replacePool: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                pool: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PoolReplacement"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pool"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `owned`: The resource is kept by the manifests of another owner. `prefix_overlaps`: The prefix, or the range of a pool, overlaps another one of the same site. `in_use`: Something else still depends on the resource. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. `address_outside_site`: The address or range is in none of the exposed prefixes of the site. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deletePool: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                pool: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `in_use`: Something else still depends on the resource. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRoles: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createRole: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                role: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replaceRole: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                role: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RoleReplacement"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Role"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `owned`: The resource is kept by the manifests of another owner. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteRole: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                role: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `in_use`: Something else still depends on the resource. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listRoutes: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RouteList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createRoute: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RouteCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Route"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. `host_taken`: The host name belongs to another tenant. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getRoute: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                route: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Route"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replaceRoute: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                route: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RouteReplacement"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Route"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `owned`: The resource is kept by the manifests of another owner. `already_exists`: A resource with this name exists. `host_taken`: The host name belongs to another tenant. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteRoute: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                route: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listSites: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SiteList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createSite: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SiteCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. `prefix_overlaps`: The prefix, or the range of a pool, overlaps another one of the same site. `native_collision`: Native routing is refused, because real addresses would collide. `in_use`: Something else still depends on the resource. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. `prefix_outside_allotment`: The prefix is not inside the site's allotment. `prefix_reserved`: The prefix belongs to a range that cannot be exposed. `prefix_too_wide`: Nothing wider than /16 is exposed whole. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `pool_exhausted`: The virtual pools have no free prefix of this length. */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                site: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replaceSite: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                site: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SiteReplacement"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `owned`: The resource is kept by the manifests of another owner. `prefix_overlaps`: The prefix, or the range of a pool, overlaps another one of the same site. `native_collision`: Native routing is refused, because real addresses would collide. `in_use`: Something else still depends on the resource. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. `prefix_outside_allotment`: The prefix is not inside the site's allotment. `prefix_reserved`: The prefix belongs to a range that cannot be exposed. `prefix_too_wide`: Nothing wider than /16 is exposed whole. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `pool_exhausted`: The virtual pools have no free prefix of this length. */
            507: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteSite: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                site: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `in_use`: Something else still depends on the resource. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listServices: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path: {
                site: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServiceList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createService: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path: {
                site: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ServiceCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Service"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. `address_outside_site`: The address or range is in none of the exposed prefixes of the site. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getService: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                service: components["schemas"]["Name"];
                site: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Service"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    replaceService: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                service: components["schemas"]["Name"];
                site: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ServiceReplacement"];
            };
        };
        responses: {
            /** @description Replaced */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Service"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `owned`: The resource is kept by the manifests of another owner. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. `address_outside_site`: The address or range is in none of the exposed prefixes of the site. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteService: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                service: components["schemas"]["Name"];
                site: components["schemas"]["Name"];
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listTokens: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `next` of the page before */
                page?: string;
            };
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page of the list */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenList"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createToken: {
        parameters: {
            query?: never;
            header?: {
                /** @description The same key and request get the same answer */
                "Idempotency-Key"?: string;
            };
            path: {
                tenant: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TokenCreation"];
            };
        };
        responses: {
            /** @description Created */
            201: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenCreated"];
                };
            };
            /** @description `malformed`: The request is not well-formed JSON. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already_exists`: A resource with this name exists. `idempotency_conflict`: The Idempotency-Key was used with another request. `quota_exceeded`: There may be no more of this kind. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too_large`: The body, or a part of it, is larger than what is taken. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported_media_type`: The body is not application/json. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. `prefix_outside_allotment`: The prefix is not inside the site's allotment. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                tenant: components["schemas"]["Name"];
                token: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The resource */
            200: {
                headers: {
                    ETag?: string;
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteToken: {
        parameters: {
            query?: never;
            header: {
                /** @description ETag of the version that was read */
                "If-Match": string;
            };
            path: {
                tenant: components["schemas"]["Name"];
                token: components["schemas"]["Name"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            204: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: The credential does not allow this. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not_found`: There is no such resource. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale`: The resource has changed since it was read. */
            412: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `precondition_required`: If-Match is missing. */
            428: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    whoami: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The principal */
            200: {
                headers: {
                    "Isthmus-Request-Id"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Principal"];
                };
            };
            /** @description `unauthenticated`: There is no valid credential in the request. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: The request has a field that is wrong or unknown. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate_limited`: Too many requests. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: Something failed on our side. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`: Too many concurrent changes. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
