#!/usr/bin/env bash
# A container engine of our own for tests, where none runs: Debian's packages, started on a socket
# and in folders of its own, so that nothing else on the machine sees it.
#
#   tools/container-engine.sh start FOLDER   the last line printed is the value for DOCKER_HOST
#   tools/container-engine.sh stop FOLDER
#
# Ends with 3, and says why, where it may not or cannot run here.
set -euo pipefail

main() {
  local command=${1:-} folder=${2:-}
  [ -n "$folder" ] || fail "usage: $0 start|stop FOLDER"
  case $command in
    start) start "$folder" ;;
    stop) stop "$folder" ;;
    *) fail "usage: $0 start|stop FOLDER" ;;
  esac
}

start() {
  local folder=$1
  check_machine
  mkdir -p "$folder"
  folder=$(cd "$folder" && pwd)
  install_engine
  install_compose "$folder"
  # where there is an init system, installing has started one
  if docker version >/dev/null 2>&1; then DOCKER_HOST=unix:///var/run/docker.sock; else start_engine "$folder"; fi
  provide_base_image "$folder"
  echo "$DOCKER_HOST"
}

check_machine() {
  [ "$(id -u)" = 0 ] || cannot 'this needs root'
  [ -x /usr/bin/apt-get ] || cannot 'this needs apt (Debian, Ubuntu)'
  [ "${WORKSHOP_INSTALL:-}" != never ] || cannot 'WORKSHOP_INSTALL=never forbids to install packages'
  grep -q cgroup /proc/filesystems || cannot 'this kernel has no control groups'
  grep -q overlay /proc/filesystems || modprobe overlay 2>/dev/null || cannot 'this kernel has no overlay file system'
}

install_engine() {
  local package missing=()
  for package in docker.io iptables mmdebstrap; do
    dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  say "installing ${missing[*]} from this system's packages"
  ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 || apt update -qq
  apt install -qq -y --no-install-recommends "${missing[@]}" ||
    { apt update -qq && apt install -qq -y --no-install-recommends "${missing[@]}"; } ||
    cannot "the packages ${missing[*]} cannot be installed"
}

# Debian 12 has no compose v2. That of Debian 13 runs here too: one file that needs only libc.
install_compose() {
  local folder=$1/compose
  docker_compose_works && return
  say 'installing docker-compose 2 from Debian 13 (apt with lists of its own)'
  mkdir -p "$folder"/{lists,archives}/partial "$folder/empty"
  echo "deb [signed-by=$keyring] $mirror trixie main" >"$folder/sources.list"
  local options=(
    -o "Dir::Etc::SourceList=$folder/sources.list" -o "Dir::Etc::SourceParts=$folder/empty"
    -o "Dir::State::Lists=$folder/lists" -o "Dir::Cache::Archives=$folder/archives"
  )
  apt "${options[@]}" -qq update || cannot 'the package lists of Debian 13 cannot be read'
  (cd "$folder/archives" && apt "${options[@]}" -qq download docker-compose) ||
    cannot 'docker-compose of Debian 13 cannot be had'
  dpkg-deb --extract "$folder"/archives/docker-compose_*.deb "$folder/files"
  install -D "$(find "$folder/files" -name docker-compose -type f -size +1M | head -1)" \
    /usr/local/lib/docker/cli-plugins/docker-compose
  docker_compose_works || cannot 'docker compose does not run'
}

docker_compose_works() { docker compose version >/dev/null 2>&1; }

# Shims and mounts of a killed engine may survive it: so the run folder is a new one each time.
start_engine() {
  local folder=$1 run attempt
  run=$(mktemp -d /tmp/workshop-engine.XXXXXX)
  say "starting dockerd $(dockerd --version | sed 's/Docker version \([^,]*\).*/\1/') (log: $folder/dockerd.log)"
  setsid dockerd --host "unix://$folder/docker.sock" --data-root "$folder/data" \
    --exec-root "$run" --pidfile "$folder/dockerd.pid" >"$folder/dockerd.log" 2>&1 </dev/null &
  local pid=$!
  echo "$run" >"$folder/run-folder"
  export DOCKER_HOST=unix://$folder/docker.sock
  for attempt in $(seq 300); do
    docker version >/dev/null 2>&1 && return
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  tail -n 5 "$folder/dockerd.log" >&2
  kill "$pid" 2>/dev/null || true
  cannot 'dockerd does not start here (no iptables, no control groups?)'
}

# Where no image registry can be reached, the same packages make a base image under its public name.
provide_base_image() {
  local image=debian:trixie-slim
  docker image inspect "$image" >/dev/null 2>&1 && return
  timeout 60 docker pull -q "$image" >/dev/null 2>&1 && return
  say "no image registry: $image is made here by mmdebstrap from Debian's packages and stands in for the published one"
  mmdebstrap --variant=minbase --include=ca-certificates trixie - ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"} 2>"$1/mmdebstrap.log" |
    docker import --change 'CMD ["bash"]' - "$image" >/dev/null ||
    { tail -n 5 "$1/mmdebstrap.log" >&2; cannot "$image can be neither pulled nor made"; }
}

stop() {
  local folder=$1 pid
  if [ -f "$folder/dockerd.pid" ]; then
    pid=$(cat "$folder/dockerd.pid")
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 150); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.2
    done
  fi
  [ ! -f "$folder/run-folder" ] || rm -rf "$(cat "$folder/run-folder")"
  rm -f "$folder/docker.sock" "$folder/run-folder"
  say 'the container engine has stopped'
}

apt() {
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 \
    -o APT::Sandbox::User=root "$@" >&2
}

say() { echo "engine: $*" >&2; }

fail() {
  say "$*"
  exit 1
}

cannot() {
  say "not here: $*"
  exit 3
}

mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

main "$@"
