/**
 * The text of `isthmus-ipam`, the program that the runtime starts at every container: a shell script that hands its call to the agent's socket, because
 * a process of ours would cost more than the whole call. It decides one thing alone: what to do while no agent answers (`docs/decisions/0015`).
 */

export interface ShimPaths {
  readonly socket: string;
  /** Files by container that has an address of a pool, and of those that were deleted while no agent answered. */
  readonly held: string;
  readonly gone: string;
  /** How to ask the API server oneself: its address, and a configuration of curl. */
  readonly api: string;
}

export const SHIM_NAME = 'isthmus-ipam';

/** Longer than any call of the agent's to the API server: its own message tells more than this limit. */
const CALL_SECONDS = 50;
const ASK_SECONDS = 5;

/** Paths are of ours, and hold nothing that a shell would read otherwise. */
export function shimText({ socket, held, gone, api }: ShimPaths): string {
  return `${HEAD}
socket='${socket}' held='${held}' gone='${gone}' api='${api}'
call_seconds=${CALL_SECONDS} ask_seconds=${ASK_SECONDS}
${BODY}`;
}

const HEAD = `#!/bin/sh
# isthmus-ipam: addresses of pools for containers. Installed by "edge-agent node install-cni"; made new by it at any time.
# A pod with a pool has its address from the agent of this node; any other has it from the cluster's own plugin, which gets the very call.
set -u`;

const BODY = `command=\${CNI_COMMAND:-}
container=\${CNI_CONTAINERID:-}
network=$(cat)

delegate() {
  case $network in *'"delegate"'*) ;; *) fail 6 "the conflist names no delegate: run edge-agent node install-cni again." ;; esac
  name=\${network#*'"delegate"'}
  name=\${name#*'"'}
  name=\${name%%'"'*}
  old=$IFS
  IFS=:
  for directory in \${CNI_PATH:-}; do
    IFS=$old
    [ ! -x "$directory/$name" ] || exec "$directory/$name" <<END
$network
END
  done
  fail 6 "the cluster's own plugin $name is not in \${CNI_PATH:-}."
}

fail() {
  printf '{"cniVersion":"1.0.0","code":%s,"msg":"isthmus-ipam: %s","details":""}\\n' "$1" "$2"
  exit 1
}

# Without an agent: the API server says whether the pod has a pool. If nobody can say it, the pod waits; it is tried again.
ask_cluster() {
  arguments=";\${CNI_ARGS:-};"
  namespace=''; pod=''
  case $arguments in *';K8S_POD_NAMESPACE='*) namespace=\${arguments#*;K8S_POD_NAMESPACE=}; namespace=\${namespace%%;*} ;; esac
  case $arguments in *';K8S_POD_NAME='*) pod=\${arguments#*;K8S_POD_NAME=}; pod=\${pod%%;*} ;; esac
  [ -n "$namespace" ] && [ -n "$pod" ] || delegate
  [ -r $api/server ] || fail 11 "the agent of this node does not run: see that edge-agent node run is started."
  read -r server <$api/server
  said=$(curl -q -sS --noproxy "*" -m $ask_seconds -K $api/curl -w '\\n%{http_code}' \\
    -H 'Accept: application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' \\
    "$server/api/v1/namespaces/$namespace/pods/$pod" 2>/dev/null) || said=000
  case $said in
    *'"isthmus.dev/pool":'*) fail 11 "the agent of this node does not run, and this pod wants an address of a pool: see that edge-agent node run is started." ;;
    *200 | *404) delegate ;;
    *401 | *403) fail 11 "the agent of this node does not run, and the API server refuses this node's credentials: make a new kubeconfig of the service account isthmus-node, and start edge-agent node run." ;;
    *) fail 11 "neither the agent of this node nor the API server answers." ;;
  esac
}

without_agent() {
  case $command in
    ADD) ask_cluster ;;
    DEL)
      [ ! -e "$held/$container" ] || mv "$held/$container" "$gone/$container"
      delegate ;;
    *)
      [ -e "$held/$container" ] && exit 0
      delegate ;;
  esac
}

case $command in
  VERSION)
    echo '{"cniVersion":"1.1.0","supportedVersions":["0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]}'
    exit 0 ;;
  # Pods without a pool start whether or not an agent runs; what is left over is given back by the agent itself.
  STATUS | GC) exit 0 ;;
esac

answer=$(curl -q -sS --noproxy "*" -m $call_seconds --unix-socket $socket -w '%{http_code}' \\
  -H "isthmus-container: $container" -H "isthmus-interface: \${CNI_IFNAME:-}" -H "isthmus-arguments: \${CNI_ARGS:-}" \\
  -H 'Expect:' -H 'Content-Type: application/json' --data-binary @- "http://isthmus-node/cni/$command" 2>/dev/null <<END
$network
END
) || without_agent

case $answer in
  *200) printf '%s\\n' "\${answer%200}"; exit 0 ;;
  *204) delegate ;;
  *422) printf '%s\\n' "\${answer%422}"; exit 1 ;;
  *) without_agent ;;
esac
`;
