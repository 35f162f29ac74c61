/**
 * What a hub's instance does at its first boot, as text: the file about its slot, the SSM agent, then the same installer as
 * everywhere. All that is secret it fetches later by its role: whoever may describe the instance may read this.
 */

/** `/etc/isthmus/slot.json`. */
export interface SlotFile {
  /** Name of the hub. */
  readonly hub: string;
  readonly region: string;
  /** Id of the network interface. */
  readonly interface: string;
  /** Id of the secret that keeps the WireGuard key. */
  readonly secret: string;
  /** URL without a slash at the end. */
  readonly controlPlane: string;
}

/** With the pause below an hour. The control plane may be deployed in the same minute, and packages come by the internet. */
export const ATTEMPTS_MAX = 120;
const PAUSE_SECONDS = 30;

/**
 * The SSM agent comes from AWS' bucket of the region by TLS: there is no package of it in Debian. A hub works without it,
 * so its failure stops nothing. A hub that could not be installed ends itself, and its group starts another.
 */
export function hubUserData(slot: SlotFile): string {
  const bucket = `https://s3.${slot.region}.amazonaws.com/amazon-ssm-${slot.region}`;
  return `#!/bin/sh
# First boot of the Isthmus hub ${slot.hub}. The log is /var/log/cloud-init-output.log.
set -u
say() { echo "isthmus: $*"; }

mkdir -p /etc/isthmus
chmod 700 /etc/isthmus
(umask 077 && cat >/etc/isthmus/slot.json) <<'SLOT'
${JSON.stringify(slot, null, 2)}
SLOT

# Nobody logs in but by SSM.
systemctl disable --now ssh.socket ssh.service || true
systemctl mask ssh.socket ssh.service || true

# Debian's own upgrades at boot hold the lock for a while.
echo 'DPkg::Lock::Timeout "300";' >/etc/apt/apt.conf.d/90isthmus
export DEBIAN_FRONTEND=noninteractive
command -v curl >/dev/null || { apt-get -qq update && apt-get -qq install -y --no-install-recommends curl ca-certificates; }

work=$(mktemp -d)
fetch() { curl -fsSL --proto '=https' --retry 3 --max-time 300 -o "$2" "$1"; }

install_ssm() {
  fetch '${bucket}/latest/debian_arm64/amazon-ssm-agent.deb' "$work/ssm.deb" &&
    dpkg -i "$work/ssm.deb" && systemctl enable --now amazon-ssm-agent
}
install_ssm || say 'the SSM agent could not be installed; the hub goes on without it'

install_hub() {
  fetch '${slot.controlPlane}/install.sh' "$work/install.sh" &&
    sh "$work/install.sh" --role hub --slot /etc/isthmus/slot.json
}
attempts=1
until install_hub; do
  if [ "$attempts" -ge ${ATTEMPTS_MAX} ]; then
    say 'the hub could not be installed, see above; ends, so that the group starts another instance'
    shutdown -h now
    exit 1
  fi
  attempts=$((attempts + 1))
  sleep ${PAUSE_SECONDS}
done
rm -rf "$work"
say 'the hub is installed'
`;
}
