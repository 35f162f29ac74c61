/** What the cache and the API server are asked side by side, and the objects that they are asked for. */
import type { Ask } from './relief-clients.ts';

export const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
const METADATA = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,application/json';
const WIDGETS = '/apis/example.isthmus.dev/v1/widgets';
export const MAPS = '/api/v1/configmaps';
export const CHURN = '/api/v1/namespaces/churn/configmaps';

/** Lists that memory answers: each must be what the server says of the very version that it claims. */
export const LISTS: readonly string[] = [
  MAPS,
  `${MAPS}?resourceVersion=0`,
  `${MAPS}?labelSelector=tier`,
  `${MAPS}?labelSelector=tier%3Dweb`,
  `${MAPS}?labelSelector=tier%3D%3Dweb,index%3D3`,
  `${MAPS}?labelSelector=tier!%3Dweb`,
  `${MAPS}?labelSelector=!tier`,
  `${MAPS}?labelSelector=tier+in+(web,db),index+notin+(1,2)`,
  `${MAPS}?labelSelector=index%3E5`,
  `${MAPS}?labelSelector=index%3C5,tier%3Ddb`,
  `${MAPS}?labelSelector=isthmus.dev/app%3Da`,
  `${MAPS}?labelSelector=even%3Dtrue`,
  `${MAPS}?labelSelector=tier%3Dnone`,
  `${MAPS}?fieldSelector=metadata.name%3Dm1`,
  `${MAPS}?fieldSelector=metadata.namespace%3Dquiet`,
  `${MAPS}?fieldSelector=metadata.name!%3Dm1,metadata.namespace%3Dquiet`,
  '/api/v1/namespaces/quiet/configmaps',
  '/api/v1/namespaces/quiet/configmaps?resourceVersion=0',
  '/api/v1/namespaces/quiet/configmaps?labelSelector=tier%3Dweb&resourceVersion=0',
  '/api/v1/namespaces/quiet/configmaps?limit=5',
  '/api/v1/namespaces/quiet/configmaps?limit=5&labelSelector=tier%3Ddb',
  '/api/v1/namespaces/quiet/configmaps?limit=500',
  '/api/v1/namespaces/nowhere/configmaps',
  CHURN,
  `${CHURN}?resourceVersion=0`,
  `${CHURN}?limit=2`,
  `${CHURN}?labelSelector=even%3Dfalse`,
  '/api/v1/namespaces',
  '/api/v1/namespaces?fieldSelector=metadata.name%3Dquiet',
  '/api/v1/namespaces?resourceVersion=0',
  '/api/v1/pods',
  '/api/v1/namespaces/quiet/pods?fieldSelector=spec.nodeName%3D',
  '/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-1',
  '/api/v1/pods?fieldSelector=status.phase%3DPending',
  '/api/v1/pods?fieldSelector=status.phase!%3DRunning,spec.nodeName!%3Dnode-1',
  '/apis/apps/v1/deployments',
  '/apis/apps/v1/namespaces/quiet/deployments?labelSelector=app%3Dweb',
  '/apis/rbac.authorization.k8s.io/v1/clusterroles?labelSelector=kubernetes.io/bootstrapping',
  WIDGETS,
  '/apis/example.isthmus.dev/v1/namespaces/quiet/widgets?limit=1',
];

/** What must be the same word for word. */
export const SAME: readonly Ask[] = [
  { path: '/api/v1/namespaces/quiet/configmaps/m1' },
  { path: '/api/v1/namespaces/quiet/configmaps/m1?resourceVersion=0' },
  { path: '/api/v1/namespaces/quiet/configmaps/none' },
  { path: '/api/v1/namespaces/quiet' },
  { path: '/api/v1/namespaces/none?resourceVersion=0' },
  { path: '/apis/apps/v1/namespaces/quiet/deployments/web' },
  { path: '/apis/apps/v1/namespaces/quiet/deployments/none' },
  { path: '/apis/example.isthmus.dev/v1/namespaces/quiet/widgets/one' },
  { path: '/apis/example.isthmus.dev/v1/namespaces/quiet/widgets/none' },
  { path: MAPS, user: 'somebody' },
  { path: '/api/v1/namespaces/quiet/configmaps', user: 'somebody' },
  { path: '/api/v1/namespaces/quiet/configmaps/m1', user: 'somebody' },
  { path: '/api/v1/namespaces/other/configmaps', user: 'reader-of-quiet' },
  { path: `${MAPS}?resourceVersion=99999999` },
  { path: '/api/v1/namespaces/quiet/configmaps/m1?resourceVersion=99999999' },
  { path: `${MAPS}?resourceVersion=1&resourceVersionMatch=Exact` },
  { path: `${MAPS}?resourceVersion=0&resourceVersionMatch=Exact` },
  { path: `${MAPS}?resourceVersionMatch=NotOlderThan` },
  { path: `${MAPS}?resourceVersion=letters` },
  { path: `${MAPS}?labelSelector=a%3D%3D%3Db` },
  { path: `${MAPS}?fieldSelector=data.x%3Dy` },
  { path: '/api/v1/pods?fieldSelector=spec.unknown%3Dy' },
  { path: `${MAPS}?continue=nonsense` },
  { path: '/api/v1/nothings' },
  { path: '/apis/nothing/v1/nothings' },
  { path: '/api/v1/namespaces/quiet/configmaps', accept: TABLE },
  { path: '/api/v1/namespaces/quiet/configmaps/m1', accept: TABLE },
  { path: '/api/v1/namespaces/quiet/configmaps', accept: METADATA },
  { path: '/api/v1/namespaces/quiet/configmaps?limit=3', accept: TABLE },
];

export const GROUND = `
apiVersion: v1
kind: Namespace
metadata: { name: quiet }
---
apiVersion: v1
kind: Namespace
metadata: { name: other }
---
apiVersion: v1
kind: Namespace
metadata: { name: churn }
---
apiVersion: v1
kind: Namespace
metadata: { name: fresh }
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: { name: isthmus-admins }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: Group, name: 'isthmus:admins' }]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: reader, namespace: quiet }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin }
subjects: [{ apiGroup: rbac.authorization.k8s.io, kind: User, name: reader-of-quiet }]
---
apiVersion: v1
kind: ServiceAccount
metadata: { name: default, namespace: quiet }
---
apiVersion: v1
kind: Pod
metadata: { name: waiting, namespace: quiet }
spec: { containers: [{ name: a, image: a }] }
---
apiVersion: v1
kind: Pod
metadata: { name: placed, namespace: quiet, labels: { app: web } }
spec: { nodeName: node-1, containers: [{ name: a, image: a }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: quiet, labels: { app: web } }
spec:
  selector: { matchLabels: { app: web } }
  template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: a, image: a }] } }
`;
export const WIDGET_TYPE = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.example.isthmus.dev }
spec:
  group: example.isthmus.dev
  scope: Namespaced
  names: { plural: widgets, singular: widget, kind: Widget, listKind: WidgetList }
  versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
`;
export const WIDGET_OBJECTS = ['one', 'two']
  .map(
    (name) => `
apiVersion: example.isthmus.dev/v1
kind: Widget
metadata: { name: ${name}, namespace: quiet }
resourceVersion: '1'
spec: { big: 12345678901234567, fraction: 1.50 }
`,
  )
  .join('---\n');
