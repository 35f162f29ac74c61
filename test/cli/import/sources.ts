/** What people have: a blog in Compose, a service of Marathon with everything, a web app of Kubernetes with what stands around it. */

export const COMPOSE = `version: "3.9"
name: blog
x-note: { any: thing }
services:
  wordpress:
    image: wordpress:6.5-apache
    depends_on: [db]
    restart: unless-stopped
    environment:
      WORDPRESS_DB_HOST: db:3306
      WORDPRESS_DEBUG: false
    env_file: [wordpress.env]
    ports: ["8080:80"]
    volumes:
      - html:/var/www/html
      - ./php.ini:/usr/local/etc/php/php.ini:ro
    secrets: [db_password]
    configs:
      - { source: motd, target: /etc/motd, mode: 0440 }
    stop_grace_period: 1m
    healthcheck:
      test: [CMD, curl, -f, "http://localhost/"]
      interval: 20s
      timeout: 5s
      retries: 4
      start_period: 40s
    deploy:
      replicas: 3
      resources:
        limits: { cpus: "0.5", memory: 256M }
        reservations: { memory: 128M }
      placement:
        constraints: [node.role == worker, node.labels.disk != slow]
        preferences: [{ spread: node.labels.zone }]
        max_replicas_per_node: 2
      update_config: { parallelism: 2, order: start-first, failure_action: rollback, delay: 5s }
      restart_policy: { condition: any, max_attempts: 3 }
    networks: [front]
  db:
    image: mariadb:11
    command: --max-connections=200 --sql-mode="STRICT_ALL_TABLES"
    environment: [MARIADB_RANDOM_ROOT_PASSWORD=1, MARIADB_DATABASE]
    volumes: [{ type: volume, source: data, target: /var/lib/mysql }]
volumes: { html: {}, data: { driver: local } }
networks: { front: {} }
secrets: { db_password: { file: ./password } }
configs: { motd: { content: hello } }
`;

export const BESIDE: Readonly<Record<string, string>> = {
  'wordpress.env': '# for the blog\nWORDPRESS_DEBUG=1\nTZ="Europe/Berlin"\n',
  './php.ini': 'memory_limit = 64M\n',
};

export const MARATHON = JSON.stringify(
  {
    id: '/shop',
    apps: [
      {
        id: '/shop/api',
        cmd: './run --port 8080',
        cpus: 0.25,
        mem: 128,
        disk: 0,
        instances: 4,
        env: { LEVEL: 'info', PASSWORD: { secret: 'pw' } },
        secrets: { pw: { source: '/shop/db/password' } },
        container: {
          type: 'DOCKER',
          docker: { image: 'shop/api:7', forcePullImage: true },
          portMappings: [
            { containerPort: 8080, hostPort: 0, name: 'http', protocol: 'tcp', servicePort: 10_000 },
          ],
          volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 512 } }],
        },
        networks: [{ mode: 'container/bridge' }],
        healthChecks: [
          {
            protocol: 'MESOS_HTTP',
            path: '/health',
            portIndex: 0,
            gracePeriodSeconds: 60,
            intervalSeconds: 10,
            timeoutSeconds: 5,
            maxConsecutiveFailures: 2,
          },
        ],
        constraints: [
          ['hostname', 'UNIQUE'],
          ['rack', 'GROUP_BY', '3'],
          ['zone', 'LIKE', 'eu-.*'],
          ['os', 'UNLIKE', 'old|older'],
          ['tier', 'CLUSTER', 'gold'],
          ['disk', 'MAX_PER', '2'],
        ],
        upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0.5 },
        unreachableStrategy: { inactiveAfterSeconds: 120, expungeAfterSeconds: 600 },
        killSelection: 'OLDEST_FIRST',
        taskKillGracePeriodSeconds: 15,
        fetch: [{ uri: 'https://example.net/a.tgz' }],
        labels: { HAPROXY_GROUP: 'external' },
        backoffSeconds: 1,
      },
    ],
    groups: [
      {
        id: '/shop/back',
        apps: [
          { id: 'worker', args: ['work'], instances: 1, container: { docker: { image: 'shop/worker' } } },
        ],
      },
    ],
  },
  undefined,
  2,
);

export const KUBERNETES = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: front
  labels: { app: web }
spec:
  replicas: 3
  selector: { matchLabels: { app: web } }
  strategy: { type: RollingUpdate, rollingUpdate: { maxSurge: 50%, maxUnavailable: 0 } }
  template:
    metadata: { labels: { app: web }, annotations: { prometheus.io/scrape: "true" } }
    spec:
      nodeSelector: { disktype: ssd }
      tolerations: [{ key: spot, operator: Exists }]
      affinity:
        podAntiAffinity:
          requiredDuringSchedulingIgnoredDuringExecution:
            - { topologyKey: kubernetes.io/hostname, labelSelector: { matchLabels: { app: web } } }
      containers:
        - name: web
          image: nginx:1.27
          ports: [{ name: http, containerPort: 8080 }]
          env:
            - { name: MODE, value: live }
            - { name: TOKEN, valueFrom: { secretKeyRef: { name: tokens, key: api } } }
          envFrom: [{ configMapRef: { name: web-env } }]
          resources: { requests: { cpu: 250m, memory: 64Mi }, limits: { memory: 128Mi } }
          readinessProbe: { httpGet: { path: /ready, port: http }, periodSeconds: 5 }
          livenessProbe: { tcpSocket: { port: 8080 }, initialDelaySeconds: 10 }
          volumeMounts: [{ name: conf, mountPath: /etc/nginx/conf.d }]
        - { name: sidecar, image: "log:1" }
      volumes: [{ name: conf, configMap: { name: web-conf } }]
---
apiVersion: v1
kind: Service
metadata: { name: web, namespace: front }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ name: http, port: 80, targetPort: http }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: web-conf, namespace: front }
data: { default.conf: "server { listen 8080; }" }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: web-env, namespace: front }
data: { LANG: C.UTF-8 }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web, namespace: front }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  minReplicas: 2
  maxReplicas: 9
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 60 } } }]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: { name: web, namespace: front }
spec: { minAvailable: 1, selector: { matchLabels: { app: web } } }
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: web, namespace: front }
spec:
  podSelector: { matchLabels: { app: web } }
  policyTypes: [Ingress]
  ingress: [{ from: [{ ipBlock: { cidr: 10.0.0.0/8 } }] }]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: web, namespace: front }
spec: { rules: [] }
`;
