#!/bin/sh
# Installs the Isthmus agent on this host and enrols it at the control plane below. Run as root:
#   sh install.sh --token-file FILE [FLAG]...       installs and enrols; run again, it upgrades and keeps the identity
#   sh install.sh --slot FILE [FLAG]...             the same on a cloud instance that fills a hub's slot
#   sh install.sh --uninstall                       leaves the host as it was
# Every download is checked against a SHA-256 that stands in this text. The shell reads up to the last brace before it
# runs anything, so a text that was cut off does nothing, wherever it was cut.
{
set -eu

url='@@URL@@'
downloads='@@DOWNLOADS@@'
version='@@VERSION@@'
signing_roots='@@ROOTS@@'
hashes='@@HASHES@@'
authority='@@CA@@'

program_directory=/opt/isthmus
settings_directory=/etc/isthmus
state_directory=/var/lib/isthmus
run_directory=/run/isthmus
wrapper=/usr/local/bin/edge-agent
unit=/etc/systemd/system/isthmus-agent.service
log=/var/log/isthmus-agent.log
supervisor_pid=$run_directory/supervisor.pid
# Which slot this host fills; only on cloud instances that are hubs.
slot=$settings_directory/slot.json
# What the host was like before us, for --uninstall.
before=$state_directory/before-install

node_major_min=24
wait_seconds=60
download_seconds=600

say() { printf 'isthmus: %s\n' "$*"; }

fail() {
  printf 'isthmus: %s\n' "$*" >&2
  exit 1
}

usage() {
  cat <<USAGE
Usage: install.sh --token-file FILE [FLAG]...
  --token-file FILE     file with the one-off enrolment token; not needed to upgrade
  --slot FILE           instead of a token, on a cloud instance: the hub's slot that it fills
  --role edge|hub       what this host will be, to install what it needs (the token decides; default edge)
  --lan-device NAME     network interface of the LAN that is exposed
  --advertise CIDR      prefix of the LAN to expose; may be given several times
  --no-packages         install no packages, but say which are missing
  --no-start            install and enrol, but do not start the agent
  --uninstall           stop and remove everything, and leave the host as it was
USAGE
}

read_arguments() {
  token_file='' slot_file='' role=edge uninstall=no packages=yes begin=yes enrol_flags=''
  while [ $# -gt 0 ]; do
    case $1 in
    --uninstall) uninstall=yes ;;
    --no-packages) packages=no ;;
    --no-start) begin=no ;;
    --help | -h)
      usage
      exit 0
      ;;
    --token-file | --slot | --role | --lan-device | --advertise)
      [ $# -ge 2 ] || fail "the flag $1 needs a value"
      take_value "$1" "$2"
      shift
      ;;
    *) fail "there is no flag $1; see --help" ;;
    esac
    shift
  done
}

# Values end up in a list of words, so they are held to letters that need no quotes.
take_value() {
  case $1 in
  --token-file)
    token_file=$2
    return
    ;;
  --slot)
    slot_file=$2
    return
    ;;
  --role)
    case $2 in edge | hub) role=$2 ;; *) fail 'the role is edge or hub' ;; esac
    return
    ;;
  esac
  case $2 in
  *[!A-Za-z0-9._:/@-]* | '') fail "the value of $1 is not valid: $2" ;;
  esac
  enrol_flags="$enrol_flags $1 $2"
}

# ---- the host

check_host() {
  [ "$(id -u)" = 0 ] || fail 'this needs root: run it with sudo, or as root'
  [ "$(uname -s)" = Linux ] || fail 'this needs Linux'
  case $(uname -m) in
  x86_64) architecture=x64 ;;
  aarch64 | arm64) architecture=arm64 ;;
  *) fail "there is no agent for $(uname -m)" ;;
  esac
  check_slot
  if [ -e "$settings_directory/agent.json" ]; then
    enrolled=yes
    return
  fi
  enrolled=no
  [ "$slotted" = no ] || return 0
  [ -n "$token_file" ] || fail 'this host is not enrolled: give --token-file FILE, with the token that the API made'
  [ -r "$token_file" ] || fail "the token file $token_file can't be read"
}

# A host that fills a slot is a hub, and stays one when it is upgraded without the flag.
check_slot() {
  slotted=no
  if [ -n "$slot_file" ]; then
    [ -z "$token_file" ] || fail 'give --token-file or --slot, one of them'
    [ -r "$slot_file" ] || fail "the slot file $slot_file can't be read"
    slotted=yes
  elif [ -e "$slot" ]; then
    slotted=yes
  fi
  [ "$slotted" = no ] || role=hub
}

remember_slot() {
  [ -n "$slot_file" ] || return 0
  [ "$slot_file" -ef "$slot" ] || install_file "$slot_file" "$slot"
}

kernel_has_wireguard() {
  ip link add isthprobe type wireguard 2>/dev/null || return 1
  ip link del isthprobe
}

programs_missing() {
  for pair in ip:iproute2 nft:nftables wg:wireguard-tools conntrack:conntrack sysctl:procps curl:curl; do
    command -v "${pair%%:*}" >/dev/null 2>&1 || printf '%s ' "${pair#*:}"
  done
  [ "$role" != hub ] || command -v haproxy >/dev/null 2>&1 || printf 'haproxy openssl '
}

install_packages() {
  missing=$(programs_missing)
  [ -n "$missing" ] || return 0
  if [ "$packages" = no ] || ! command -v apt-get >/dev/null 2>&1; then
    fail "please install first what is in these Debian packages: $missing"
  fi
  say "installs packages: $missing"
  export DEBIAN_FRONTEND=noninteractive
  # A hub's gateway is configured by the agent: Debian's own instance must not take its port.
  apt-get -qq update </dev/null >&2 || fail 'apt-get update failed, see above'
  # shellcheck disable=SC2086 # a list of words
  apt-get -qq install -y --no-install-recommends $missing </dev/null >&2 || fail 'apt-get install failed, see above'
  case $missing in
  *haproxy*) [ ! -d /run/systemd/system ] || systemctl disable --now haproxy >/dev/null 2>&1 || true ;;
  esac
  mkdir -p "$state_directory"
  echo "$missing" >>"$state_directory/packages"
}

remember_host() {
  [ ! -e "$before" ] || return 0
  mkdir -p "$state_directory"
  chmod 700 "$state_directory"
  for key in net.ipv4.ip_forward net.ipv4.conf.all.send_redirects net.ipv4.conf.default.send_redirects; do
    printf '%s=%s\n' "$key" "$(sysctl -n "$key")"
  done >"$before.new"
  mv "$before.new" "$before"
}

# ---- downloads

hash_of() { printf '%s\n' "$hashes" | while read -r name hash; do [ "$name" != "$1" ] || printf '%s' "$hash"; done; }

is_file_with() { [ -f "$1" ] && printf '%s  %s\n' "$2" "$1" | sha256sum -c --status; }

fetch() {
  if [ -n "$authority" ]; then
    curl -fsS --proto '=https' --max-time "$download_seconds" --cacert "$work/ca.pem" -o "$2" "$1"
  else
    curl -fsS --proto '=https' --max-time "$download_seconds" -o "$2" "$1"
  fi
}

# download NAME FILE: nothing is left under FILE that hasn't the right hash.
download() {
  wanted=$(hash_of "$1")
  [ -n "$wanted" ] || fail "the control plane has no $1"
  fetch "$downloads/$1" "$2.part" || fail "$1 could not be downloaded from $downloads; run the command again"
  if ! is_file_with "$2.part" "$wanted"; then
    rm -f "$2.part"
    fail "$1 was refused: its SHA-256 is not the one in this installer; fetch the installer again, and if this stays so, somebody has altered it"
  fi
  mv "$2.part" "$2"
}

own_node() {
  found=$(command -v node 2>/dev/null) || return 1
  major=$("$found" -p 'process.versions.node.split(".")[0]' 2>/dev/null) || return 1
  [ "$major" -ge "$node_major_min" ] 2>/dev/null || return 1
  printf '%s' "$found"
}

# Everything is made ready beside what runs, then moved over it: an upgrade that fails changes nothing.
fetch_programs() {
  umask 022
  mkdir -p "$program_directory" "$settings_directory" "$state_directory"
  chmod 700 "$state_directory" "$settings_directory"
  is_file_with "$program_directory/agent.mjs" "$(hash_of agent.mjs)" || download agent.mjs "$work/agent.mjs"
  [ "$slotted" = no ] || is_file_with "$program_directory/cloud.mjs" "$(hash_of cloud.mjs)" || download cloud.mjs "$work/cloud.mjs"
  [ "$role" = hub ] || is_file_with "$program_directory/clusters.mjs" "$(hash_of clusters.mjs)" || download clusters.mjs "$work/clusters.mjs"
  fetch_node
  fetch_wireguard
  for file in agent.mjs cloud.mjs clusters.mjs node wireguard-go; do
    [ ! -e "$work/$file" ] || install_file "$work/$file" "$program_directory/$file"
  done
}

install_file() {
  case $1 in *.mjs) mode=644 ;; *.json) mode=600 ;; *) mode=755 ;; esac
  cp "$1" "$2.new"
  chmod "$mode" "$2.new"
  mv "$2.new" "$2"
}

fetch_node() {
  if node=$(own_node); then return 0; fi
  node=$program_directory/node
  name=node-linux-$architecture.gz
  wanted=$(hash_of "$name")
  [ -n "$wanted" ] || fail "the control plane has no Node for $architecture: install Node $node_major_min or newer, then run this again"
  [ ! -x "$node" ] || [ "$(cat "$program_directory/node.sha256" 2>/dev/null)" != "$wanted" ] || return 0
  say 'downloads Node'
  download "$name" "$work/node.gz"
  gzip -dc "$work/node.gz" >"$work/node"
  chmod 755 "$work/node"
  "$work/node" --version >/dev/null 2>&1 ||
    fail "the downloaded Node does not run here (it wants glibc 2.28): install Node $node_major_min or newer, then run this again"
  echo "$wanted" >"$program_directory/node.sha256"
}

fetch_wireguard() {
  name=wireguard-go-linux-$architecture
  wanted=$(hash_of "$name")
  if kernel_has_wireguard; then return 0; fi
  [ -c /dev/net/tun ] || fail 'the kernel has neither WireGuard nor /dev/net/tun: run modprobe wireguard, or modprobe tun'
  if [ -n "$wanted" ]; then
    is_file_with "$program_directory/wireguard-go" "$wanted" || download "$name" "$work/wireguard-go"
  elif ! command -v wireguard-go >/dev/null 2>&1; then
    fail 'the kernel has no WireGuard: install the package wireguard-go, then run this again'
  fi
}

write_wrapper() {
  mkdir -p "${wrapper%/*}"
  cat >"$wrapper.new" <<WRAPPER
#!/bin/sh
# Runs the Isthmus agent's commands: run, status, doctor, plan.
exec $node --max-semi-space-size=1 $program_directory/agent.mjs "\$@"
WRAPPER
  chmod 755 "$wrapper.new"
  mv "$wrapper.new" "$wrapper"
}

# ---- enrolment

enrol() {
  if [ "$enrolled" = yes ]; then
    say "is enrolled already ($settings_directory/agent.json); keeps its identity"
    return 0
  fi
  ca_flag=''
  [ -z "$authority" ] || ca_flag="--ca $work/ca.pem"
  root_flags=''
  for root in $signing_roots; do root_flags="$root_flags --root-key $root"; done
  if [ "$slotted" = yes ]; then
    "$wrapper" slot "$slot" || fail "the slot could not be taken, see above; run the command again when that is mended"
    set -- --slot "$slot"
  else
    set -- --token-file "$token_file"
  fi
  # shellcheck disable=SC2086 # lists of words that were checked
  "$wrapper" enrol --control-plane "$url" $ca_flag $root_flags "$@" $enrol_flags ||
    fail 'enrolment failed, see above; run the command again when that is mended'
}

# ---- service

has_systemd() { [ -d /run/systemd/system ]; }

write_unit() {
  first_steps=''
  # The interface may be another instance's for some minutes yet.
  [ "$slotted" = no ] || first_steps="ExecStartPre=$wrapper slot $slot
TimeoutStartSec=300
"
  cat >"$unit.new" <<UNIT
[Unit]
Description=Isthmus agent
Documentation=$url/openapi.json
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
${first_steps}ExecStart=$wrapper run
Restart=always
RestartSec=2
# Tunnels outlive the agent: a restart must not cut traffic.
KillMode=process
TimeoutStopSec=20
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_NET_BIND_SERVICE CAP_DAC_OVERRIDE CAP_SYS_MODULE CAP_SETUID CAP_SETGID CAP_CHOWN CAP_FOWNER CAP_KILL CAP_SYS_RESOURCE
ProtectSystem=full
ProtectHome=yes
PrivateTmp=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK AF_PACKET
SystemCallArchitectures=native
ReadWritePaths=$settings_directory

[Install]
WantedBy=multi-user.target
UNIT
  mv "$unit.new" "$unit"
}

write_supervisor() {
  first_steps=':'
  [ "$slotted" = no ] || first_steps="$wrapper slot $slot >>$log 2>&1 </dev/null || { sleep 2; continue; }"
  cat >"$program_directory/supervise.new" <<SUPERVISE
#!/bin/sh
# Keeps the agent running where there is no service manager, and its log below 5 MB (twice).
trim() { [ "\$(wc -c <$log)" -lt 5000000 ] || { cp $log $log.1 && : >$log; }; }
watch_log() {
  trap 'kill "\$nap"; exit 0' TERM
  while :; do
    sleep 60 &
    nap=\$!
    wait "\$nap"
    trim
  done
}
stopping=''
trap 'stopping=yes; kill "\$agent" "\$watcher"' TERM INT
watch_log &
watcher=\$!
while [ -z "\$stopping" ]; do
  $first_steps
  $wrapper run >>$log 2>&1 </dev/null &
  agent=\$!
  wait "\$agent"
  [ -z "\$stopping" ] || break
  sleep 2
done
wait
SUPERVISE
  chmod 755 "$program_directory/supervise.new"
  mv "$program_directory/supervise.new" "$program_directory/supervise"
}

start_agent() {
  if has_systemd; then
    write_unit
    systemctl daemon-reload
    systemctl enable isthmus-agent.service >/dev/null 2>&1
    systemctl restart isthmus-agent.service
    return
  fi
  stop_agent
  write_supervisor
  mkdir -p "$run_directory" "${log%/*}"
  touch "$log"
  chmod 640 "$log"
  setsid "$program_directory/supervise" >/dev/null 2>&1 </dev/null &
  echo $! >"$supervisor_pid"
}

stop_agent() {
  if has_systemd; then
    systemctl stop isthmus-agent.service >/dev/null 2>&1 || true
    return
  fi
  pid=$(cat "$supervisor_pid" 2>/dev/null) || return 0
  grep -q supervise "/proc/$pid/cmdline" 2>/dev/null || return 0
  kill "$pid"
  rounds=0
  while [ -d "/proc/$pid" ] && [ "$rounds" -lt 200 ]; do
    sleep 0.1
    rounds=$((rounds + 1))
  done
  [ ! -d "/proc/$pid" ] || kill -9 "$pid"
  rm -f "$supervisor_pid"
}

agent_state() {
  { "$wrapper" status --json 2>/dev/null || true; } | "$node" -e '
    const text = require("fs").readFileSync(0, "utf8");
    const { document, controlPlane } = text === "" ? {} : JSON.parse(text);
    if (document && document.applied) console.log("running");
    else if (controlPlane && controlPlane.code === "not_found") console.log("waiting");
    else console.log("starting " + ((controlPlane && controlPlane.reason) || ""));'
}

# Waits until the agent says how it is.
await_agent() {
  rounds=0
  while [ "$rounds" -lt $((wait_seconds * 5)) ]; do
    rounds=$((rounds + 1))
    state=$(agent_state)
    case $state in
    running)
      say 'the agent runs: its document is applied. See: edge-agent status'
      return 0
      ;;
    waiting)
      say 'the agent runs and waits for approval: an operator must approve this edge (PUT .../edges/NAME with approved: true)'
      return 0
      ;;
    esac
    sleep 0.2
  done
  fail "the agent is not ready after $wait_seconds s (it says: $state); see: edge-agent doctor, and $(log_hint)"
}

log_hint() { if has_systemd; then echo 'journalctl -u isthmus-agent'; else echo "$log"; fi; }

# ---- uninstall

uninstall() {
  stop_agent
  if [ -x "$wrapper" ] && [ -e "$settings_directory/agent.json" ]; then
    "$wrapper" teardown || fail "the agent could not undo its network changes, see above; nothing was removed"
  fi
  if has_systemd && [ -e "$unit" ]; then
    systemctl disable isthmus-agent.service >/dev/null 2>&1 || true
    rm -f "$unit"
    systemctl daemon-reload
  fi
  if [ -r "$before" ]; then
    while read -r setting; do sysctl -qw "$setting"; done <"$before"
  fi
  installed=$(xargs <"$state_directory/packages" 2>/dev/null || true)
  rm -f "$wrapper" "$log" "$log.1"
  rm -rf "$program_directory" "$settings_directory" "$state_directory" "$run_directory"
  [ -z "$installed" ] || say "left these packages, which it had installed: $installed"
  say 'removed everything. The edge is still listed at the control plane: delete it there'
}

main() {
  read_arguments "$@"
  [ "$(id -u)" = 0 ] || fail 'this needs root: run it with sudo, or as root'
  if [ "$uninstall" = yes ]; then
    uninstall
    return
  fi
  check_host
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' INT TERM
  printf '%s\n' "$authority" >"$work/ca.pem"
  install_packages
  remember_host
  say "installs version $version from $url"
  fetch_programs
  remember_slot
  write_wrapper
  enrol
  [ "$begin" = yes ] || return 0
  start_agent
  await_agent
}

main "$@"; }