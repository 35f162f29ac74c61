/**
 * kubectl's own verbs as data: each is run directly and by the gateway, each way in a namespace of its own, and what is printed must be the same. `NS` stands for
 * the namespace. The order matters: later ones see what earlier ones made.
 */

export interface KubectlCommand {
  readonly words: readonly string[];
  readonly input?: string;
  /** Expected to fail, with the same words both ways. */
  readonly fails?: true;
}

const POD = `apiVersion: v1
kind: Pod
metadata: {name: web, labels: {app: web}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
  - name: web
    image: local/tool:1
    imagePullPolicy: Never
    command: [serve, ':8080', /etc/hostname]
    readinessProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 1}
`;

const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata: {name: back}
spec:
  replicas: 0
  selector: {matchLabels: {app: back}}
  template:
    metadata: {labels: {app: back}}
    spec: {containers: [{name: back, image: 'local/tool:1'}]}
`;

const plain = (...words: string[]): KubectlCommand => ({ words });
const failing = (...words: string[]): KubectlCommand => ({ words, fails: true });

export const KUBECTL_COMMANDS: readonly KubectlCommand[] = [
  plain('version', '-o', 'json'),
  plain('api-resources', '--no-headers', '-o', 'name'),
  plain('api-versions'),
  plain('explain', 'deployment.spec.strategy'),
  plain('get', 'nodes', '-o', 'name'),
  plain('get', 'namespaces', 'kube-system', '-o', 'jsonpath={.metadata.name}'),
  plain('auth', 'can-i', 'list', 'pods', '-n', 'NS'),
  plain('auth', 'can-i', '--list', '-n', 'NS', '--no-headers'),
  plain('create', 'configmap', 'settings', '--from-literal=a=1', '-n', 'NS'),
  plain('get', 'configmap', 'settings', '-n', 'NS', '-o', 'jsonpath={.data}'),
  plain('get', 'configmap', 'settings', '-n', 'NS'),
  plain('describe', 'configmap', 'settings', '-n', 'NS'),
  plain('patch', 'configmap', 'settings', '-n', 'NS', '--type=merge', '-p', '{"data":{"b":"2"}}'),
  plain(
    'patch',
    'configmap',
    'settings',
    '-n',
    'NS',
    '--type=json',
    '-p',
    '[{"op":"add","path":"/data/c","value":"3"}]',
  ),
  plain('label', 'configmap', 'settings', 'tier=front', '-n', 'NS'),
  plain('annotate', 'configmap', 'settings', 'note=seen', '-n', 'NS'),
  plain(
    'get',
    'configmaps',
    '-l',
    'tier=front',
    '-n',
    'NS',
    '-o',
    'custom-columns=NAME:.metadata.name,A:.data.a,C:.data.c',
  ),
  plain('get', 'configmaps', '--field-selector=metadata.name=settings', '-n', 'NS', '-o', 'name'),
  plain('create', 'secret', 'generic', 'word', '--from-literal=pass=x', '-n', 'NS'),
  plain('get', 'secret', 'word', '-n', 'NS', '-o', 'jsonpath={.data.pass}'),
  { words: ['apply', '-n', 'NS', '-f', '-'], input: DEPLOYMENT },
  { words: ['apply', '-n', 'NS', '-f', '-'], input: DEPLOYMENT },
  { words: ['diff', '-n', 'NS', '-f', '-'], input: DEPLOYMENT },
  {
    words: ['apply', '-n', 'NS', '--server-side', '-f', '-'],
    input: DEPLOYMENT.replace('replicas: 0', 'replicas: 0\n  minReadySeconds: 1'),
  },
  plain('scale', 'deployment/back', '--replicas=0', '-n', 'NS'),
  plain('set', 'image', 'deployment/back', 'back=local/tool:2', '-n', 'NS'),
  plain('set', 'env', 'deployment/back', 'A=1', '-n', 'NS'),
  plain('rollout', 'status', 'deployment/back', '-n', 'NS'),
  plain('rollout', 'history', 'deployment/back', '-n', 'NS'),
  plain('get', 'deployment', 'back', '-n', 'NS', '-o', 'jsonpath={.spec.template.spec.containers[0].image}'),
  plain('expose', 'deployment/back', '--port=80', '--target-port=8080', '-n', 'NS'),
  plain('get', 'service', 'back', '-n', 'NS', '-o', 'jsonpath={.spec.ports[0].targetPort}'),
  plain('autoscale', 'deployment/back', '--min=1', '--max=3', '-n', 'NS'),
  plain('create', 'serviceaccount', 'robot', '-n', 'NS'),
  plain('create', 'role', 'reader', '--verb=get', '--resource=pods', '-n', 'NS'),
  plain('create', 'rolebinding', 'reads', '--role=reader', '--serviceaccount=NS:robot', '-n', 'NS'),
  plain('create', 'job', 'once', '--image=local/tool:1', '--dry-run=server', '-o', 'name', '-n', 'NS'),
  { words: ['apply', '-n', 'NS', '-f', '-'], input: POD },
  plain('wait', '--for=condition=Ready', 'pod/web', '-n', 'NS', '--timeout=60s'),
  plain('get', 'pod', 'web', '-n', 'NS'),
  plain('get', 'pod', 'web', '-n', 'NS', '-o', 'jsonpath={.status.phase}'),
  plain('exec', 'web', '-n', 'NS', '--', 'get', 'http://127.0.0.1:8080/?variable=NONE'),
  {
    words: ['exec', '-i', 'web', '-n', 'NS', '--', 'sh', '-c', 'cat; echo to-stderr >&2; exit 3'],
    input: 'from stdin\n',
    fails: true,
  },
  plain('exec', 'web', '-n', 'NS', '--', 'sh', '-c', 'seq 1 20000 | md5sum'),
  plain('logs', 'web', '-n', 'NS'),
  plain('logs', '-f', 'web', '-n', 'NS', '--tail=1', '--limit-bytes=17'),
  plain('get', '--raw', '/api/v1/namespaces/NS/pods/web:8080/proxy/?variable=NONE'),
  plain('get', 'all', '-n', 'NS', '-o', 'name'),
  failing('get', 'pod', 'none', '-n', 'NS'),
  failing('get', 'pods', '-n', 'NS', '--field-selector=spec.none=1'),
  failing('create', 'configmap', 'settings', '-n', 'NS'),
  {
    words: ['create', '-n', 'NS', '-f', '-'],
    input: 'apiVersion: v1\nkind: Pod\nmetadata: {name: Bad_Name}\nspec: {containers: []}\n',
    fails: true,
  },
  failing('exec', 'web', '-n', 'NS', '--', 'no-such-program'),
  plain('delete', 'configmap', 'settings', '-n', 'NS'),
  plain('delete', 'pod', 'web', '-n', 'NS', '--wait=true'),
  plain('delete', 'deployment,service,hpa,role,rolebinding,serviceaccount', '--all', '-n', 'NS'),
];

/** What differs between two runs and means nothing. */
export function normalized(text: string, namespace: string): string {
  return text
    .replaceAll(namespace, 'NS')
    .replaceAll(/\b10\.(?:244|96)\.\d+\.\d+\b/g, 'IP')
    .replaceAll(/"caller":"[^"]+"/g, 'CALLER')
    .replaceAll(/"started":\d+/g, 'STARTED')
    .replaceAll(/(?<=\s)\d+(?:ms|s|m\d+s|m|h)(?=\s)/g, 'AGE')
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'ID')
    .replaceAll(/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'UID');
}
