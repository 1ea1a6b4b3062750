#!/usr/bin/env bash
# Installs the Debian packages that are missing for a purpose; does nothing where all is there.
#
#   scripts/install-packages.sh PURPOSE...
#
#   make     GNU make itself
#   build    a C compiler: Rust links with it, and zstd-sys compiles zstd; libpcap
#   test     build, and node: one test runs the report's script
#   fuzz     build, and a C++ compiler: libFuzzer
#   record   servers, clients and capture tools for fixtures/record.sh
#   live     servers, clients and capture tools for scripts/live-test.sh
#   export   what reads exports, for scripts/export-readers.sh
set -euo pipefail

missing=()

# needs PACKAGE COMMAND...: the package, unless all commands are there.
needs() {
  local package=$1 command
  shift
  for command in "$@"; do
    if ! PATH=$PATH:/usr/sbin:/sbin command -v "$command" >/dev/null; then
      missing+=("$package")
      return
    fi
  done
}

need_compiler() {
  needs gcc cc
  # A compiler without the C library's headers compiles nothing.
  if ! echo '#include <stdlib.h>' | cc -E -x c - >/dev/null 2>&1; then
    missing+=(gcc libc6-dev)
  fi
}

need_libpcap() {
  if ! echo '#include <pcap/pcap.h>' | cc -E -x c - >/dev/null 2>&1; then missing+=(libpcap-dev); fi
}

for purpose in "$@"; do
  case $purpose in
    make) needs make make ;;
    build) need_compiler; need_libpcap ;;
    test) need_compiler; need_libpcap; needs nodejs node ;;
    fuzz) need_compiler; need_libpcap; needs g++ c++ ;;
    record)
      needs nginx-light nginx
      needs apache2 apache2
      needs apache2-utils ab
      needs curl curl
      needs tcpdump tcpdump
      needs tshark tshark
      needs wireshark-common dumpcap editcap
      needs ethtool ethtool
      needs iproute2 ip ss
      needs procps sysctl
      needs util-linux chrt
      needs python3 python3
      needs gzip gzip
      needs zstd zstd
      ;;
    live)
      needs postgresql pg_ctlcluster
      needs redis-server redis-server redis-benchmark
      needs mariadb-server-core mariadbd mysqld
      needs mariadb-client mariadb mysqlslap
      needs nghttp2-server nghttpd
      needs nghttp2-client h2load nghttp
      needs apache2 apache2
      needs kcat kcat
      needs openssl openssl
      needs tcpdump tcpdump
      needs tshark tshark
      needs python3-venv python3
      needs default-jdk-headless java javac
      needs maven mvn
      ;;
    export)
      needs python3-venv python3
      needs r-base-core Rscript
      ;;
    *)
      echo "install-packages.sh: unknown purpose $purpose; see the head of the script" >&2
      exit 2
      ;;
  esac
done

if [ ${#missing[@]} -eq 0 ]; then exit 0; fi
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)

if ! command -v apt-get >/dev/null; then
  echo "missing: ${missing[*]} (Debian's package names); install them with this system's package manager" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "missing: ${missing[*]}; run as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "installing ${missing[*]}"
apt() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 --quiet --yes "$@" </dev/null
}
apt update
apt install --no-install-recommends "${missing[@]}"
