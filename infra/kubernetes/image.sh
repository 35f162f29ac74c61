#!/bin/sh
# Makes the agent's container image, for `npm run image` and the tests: dist/agent-image.tar, as `docker save` writes it. It needs no Docker and no
# registry of images: Debian's packages are unpacked, not installed, and Node and the agent are laid beside them. The image has this machine's
# architecture. The same inputs give the same image, but for what Debian has newer by then.
# Usage: image.sh [FILE]
#        image.sh --packages    only has Debian's packages at hand, so that a later build needs no network
set -eu

PACKAGES='dash coreutils mawk iproute2 nftables wireguard-tools conntrack procps openssl libstdc++6'
# What only installing takes, which here nothing does.
LEFT_OUT='perl|perl-base|perl-modules-.*|libperl.*|libgdbm.*|libdb5.*|libnumber-compare-perl|libtext-glob-perl|libfile-find-rule-perl|usrmerge|debconf|dpkg|tar|init-system-helpers|debianutils|gcc-.*-base|libc-bin'

root=$(cd "$(dirname "$0")/../.." && pwd)
cache=${ISTHMUS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/isthmus}
file=${1:-$root/dist/agent-image.tar}
name=isthmus/agent:$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$root/package.json")

fail() {
  echo "image: $*" >&2
  exit 1
}

for program in apt-get dpkg-deb sha256sum; do
  command -v $program >/dev/null 2>&1 || fail "$program is needed, so this runs on Debian and what is made of it"
done
for part in agent clusters cloud; do
  [ "${1:-}" = --packages ] || [ -e "$root/dist/$part.mjs" ] || fail "dist/$part.mjs is missing: run npm run bundle first"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Files of everything that the programs need, as if nothing were installed.
closure() {
  : >"$work/nothing"
  # shellcheck disable=SC2086 # a list of words
  apt-get -qq -o Dir::State::status="$work/nothing" -o APT::Install-Recommends=0 --print-uris install $PACKAGES |
    sed -n "s/^'[^']*' \([^ ]*\.deb\) .*/\1/p" | grep -Ev "^($LEFT_OUT)_"
}

# Kept by name and version, so that only the first build downloads. Fails if the lists of Debian are missing or older than its packages.
fetch_packages() {
  mkdir -p "$cache/debian"
  files=$(closure) && [ -n "$files" ] || return 1
  for deb in $files; do
    [ -e "$cache/debian/$deb" ] || printf '%s\n' "${deb%%_*}"
  done >"$work/missing"
  (cd "$cache/debian" && xargs -r apt-get -qq -o APT::Sandbox::User=root download <"$work/missing") || return 1
  for deb in $files; do
    [ -e "$cache/debian/$deb" ] || return 1
  done
}

have_packages() {
  fetch_packages || { apt-get -qq update && fetch_packages; } ||
    fail "Debian's packages could not be had, see above. Run this as root, with a way to a mirror."
}

unpack_packages() {
  have_packages
  for deb in $files; do dpkg-deb -x "$cache/debian/$deb" "$work/root"; done
}

lay_agent() {
  into=$work/root/opt/isthmus
  mkdir -p "$into" "$work/root/usr/local/bin" "$work/root/tmp" "$work/root/etc/isthmus" "$work/root/var/lib/isthmus" "$work/root/run"
  cp "$(readlink -f "$root/node_modules/node/bin/node")" "$into/node"
  cp "$root/dist/agent.mjs" "$root/dist/clusters.mjs" "$root/dist/cloud.mjs" "$into/"
  # For nodes whose kernel has none.
  [ ! -x "$cache/bin/wireguard-go" ] || cp "$cache/bin/wireguard-go" "$into/wireguard-go"
  printf '#!/bin/sh\nexec /opt/isthmus/node --max-semi-space-size=1 /opt/isthmus/agent.mjs "$@"\n' >"$work/root/usr/local/bin/edge-agent"
  chmod 755 "$work/root/usr/local/bin/edge-agent"
  ln -sf dash "$work/root/bin/sh"
  ln -sf mawk "$work/root/usr/bin/awk"
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n' >"$work/root/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$work/root/etc/group"
  rm -rf "$work/root/usr/share/doc" "$work/root/usr/share/man" "$work/root/usr/share/locale" "$work/root/usr/share/info" "$work/root/var/cache"
  chmod 1777 "$work/root/tmp"
}

pack() {
  mkdir -p "$work/image/layer" "$(dirname "$file")"
  tar -C "$work/root" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/image/layer/layer.tar" .
  digest=$(sha256sum "$work/image/layer/layer.tar" | cut -d ' ' -f 1)
  printf '{"architecture":"%s","os":"linux","config":{"Entrypoint":["edge-agent"],"Cmd":["run"],"Env":["PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"],"Labels":{"org.opencontainers.image.title":"Isthmus agent","org.opencontainers.image.licenses":"Apache-2.0"}},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]},"history":[{"created":"1970-01-01T00:00:00Z"}]}' \
    "$(dpkg --print-architecture)" "$digest" >"$work/image/config.json"
  printf '[{"Config":"config.json","RepoTags":["%s"],"Layers":["layer/layer.tar"]}]' "$name" >"$work/image/manifest.json"
  tar -C "$work/image" --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -cf "$work/image.tar" config.json layer/layer.tar manifest.json
  # Half an image never lies under its name.
  mv "$work/image.tar" "$file.part" && mv "$file.part" "$file"
}

if [ "${1:-}" = --packages ]; then
  have_packages
  exit 0
fi
mkdir "$work/root"
unpack_packages
lay_agent
pack
echo "$file $name $(wc -c <"$file") bytes sha256 $(sha256sum "$file" | cut -d ' ' -f 1)"
