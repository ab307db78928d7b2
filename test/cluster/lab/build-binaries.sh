#!/bin/sh
# Builds a Kubernetes control plane and its nodes' programs from Go's module proxy into a folder named by version. What is
# there already is not built again; a cold build takes about ten minutes of two cores. Prints the folder.
#
#   build-binaries.sh [--check] [NAME ...]
#
# NAME: etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kwok, and kubectl and krew if named. --check only
# tells whether they can be had: it builds nothing, and says on stderr what is in the way.
#
# With KUBEBUILDER_ASSETS set, as tests of Kubernetes controllers have it, programs are taken from there and nothing is built.
set -eu

KUBERNETES=v1.36.3
KWOK=v0.8.0
KREW=v0.4.3

check=''
if [ "${1:-}" = --check ]; then
  check=yes
  shift
fi
names=${*:-etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kwok}
cache=${KUBECTL_NPM_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/kubectl-npm}
folder=${KUBEBUILDER_ASSETS:-$cache/kubernetes-$KUBERNETES-$(uname -m)}

missing=''
for name in $names; do
  [ -x "$folder/$name" ] || missing="$missing $name"
done
if [ -z "$missing" ]; then
  echo "$folder"
  exit 0
fi
if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
  echo "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS has no$missing: add them, or unset it to have them built" >&2
  exit 1
fi
if ! command -v go >/dev/null; then
  echo "Go is not installed, so$missing cannot be built: install Go, or set KUBEBUILDER_ASSETS" >&2
  exit 1
fi

[ -z "$check" ] || exit 0

mkdir -p "$folder"
# One build at a time: a second one waits, and then finds everything done.
exec 9>"$cache/build.lock"
flock 9

# What a killed build has left; whoever has the lock is the only one.
for leftover in "$cache"/build.*/; do
  [ ! -d "$leftover" ] || { chmod -R u+w "$leftover" && rm -rf "$leftover"; }
done
work=$(mktemp -d "$cache/build.XXXXXX")
trap 'chmod -R u+w "$work" && rm -rf "$work"' EXIT
export GOFLAGS=-mod=mod GOTOOLCHAIN=local CGO_ENABLED=0
# Modules and objects of the build are worth gigabytes and are not needed again.
export GOMODCACHE="$work/modules" GOCACHE="$work/objects"

# Kubernetes' own go.mod points its staging modules into its source tree, which does not count in a dependency. They are
# published under v0.MINOR.PATCH; requiring as well as replacing them keeps the version labels, and so the build cache, stable.
use_kubernetes() {
  mkdir -p "$work/kubernetes"
  cd "$work/kubernetes"
  go mod init assets 2>/dev/null
  staging=v0.${KUBERNETES#v1.}
  go mod download -json "k8s.io/kubernetes@$KUBERNETES" >download.json
  gomod=$(sed -n 's/.*"GoMod": "\(.*\)".*/\1/p' download.json)
  go mod edit -json "$gomod" >gomod.json
  node -e '
    const {Require, Replace} = JSON.parse(require("fs").readFileSync("gomod.json", "utf8"))
    const staged = new Set(Replace.filter(({New}) => New.Path.startsWith("./staging/")).map(({Old}) => Old.Path))
    for (const {Path} of Require) if (staged.has(Path)) console.log(Path)' >staging.txt
  while read -r module; do
    go mod edit -require "$module@$staging" -replace "$module=$module@$staging"
  done <staging.txt
  go mod edit -require "k8s.io/kubernetes@$KUBERNETES"
}

build() {
  minor=${KUBERNETES#v1.}
  version=k8s.io/component-base/version
  client=k8s.io/client-go/pkg/version
  flags="-s -w -X $version.gitVersion=$KUBERNETES -X $version.gitMajor=1 -X $version.gitMinor=${minor%%.*} -X $version.gitCommit=$KUBERNETES -X $client.gitVersion=$KUBERNETES"
  echo "building $1" >&2
  go build -trimpath -ldflags "$flags" -o "$work/$1" "$2"
  # Only what is complete gets its name.
  mv "$work/$1" "$folder/$1"
}

# What is a module of its own.
install_whole() {
  echo "building $1" >&2
  GOFLAGS='' GOBIN="$work/bin" go install -trimpath -ldflags '-s -w' "$2"
  mv "$work/bin/$1" "$folder/$1"
}

for name in $names; do
  [ -x "$folder/$name" ] && continue
  case $name in
    kwok | krew) ;;
    *) [ -d "$work/kubernetes" ] || use_kubernetes ;;
  esac
  case $name in
    etcd) build etcd go.etcd.io/etcd/server/v3 ;;
    kwok) install_whole kwok "sigs.k8s.io/kwok/cmd/kwok@$KWOK" ;;
    krew) install_whole krew "sigs.k8s.io/krew/cmd/krew@$KREW" ;;
    kube-apiserver | kube-controller-manager | kube-scheduler | kubelet | kube-proxy | kubectl) build "$name" "k8s.io/kubernetes/cmd/$name" ;;
    *)
      echo "build-binaries.sh: no such program: $name" >&2
      exit 1
      ;;
  esac
done
echo "$folder"
