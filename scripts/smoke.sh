#!/bin/sh
# Uses the bundle as a new user would: from its folder on PATH, and installed from the packed tarball.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
dump=$root/test/fixtures/captures/v2-base36-nft
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "smoke: $1" >&2
  exit 1
}

# Looks for one sentence of the translated dump; a wrong bundle prints none.
check() {
  what=$1
  shift
  "$@" >"$work/out" 2>"$work/err" || { cat "$work/out" "$work/err" >&2; fail "$what: exit code is not 0"; }
  grep -q 'allow tcp/8080 from pods app=till in namespaces team=sales' "$work/out" || { cat "$work/out" >&2; fail "$what: not translated"; }
  echo "smoke: $what: ok"
}

cd "$root"
npm run --silent build
version=$(node -p 'require("./package.json").version')

for node in "$root/node_modules/.bin/node" "$(PATH=$(echo "$PATH" | tr ':' '\n' | grep -v node_modules | paste -sd: -) command -v node || true)"; do
  [ -n "$node" ] || continue
  check "bundle on Node $("$node" --version)" "$node" dist/kubectl-npm translate --from "$dump"
done

"$root/node_modules/.bin/node" dist/npm-agent --version | grep -q "^npm-agent/$version " || fail 'npm-agent --version'

"$root/node_modules/.bin/node" scripts/demo.ts >"$work/demo" || fail 'the demo ends with an error'
grep -q 'is missing in podlabel-app:web' "$work/demo" || fail 'the demo does not show what is wrong'
grep -q 'docs/tutorial.md' "$work/demo" || fail 'the demo does not lead into the tutorial'

npm pack --silent --ignore-scripts --pack-destination "$work" >/dev/null
npm install --silent --global --prefix "$work/global" --offline --no-audit --no-fund "$work"/kubectl-npm-*.tgz
ls "$work/global/bin" | grep -qx npm-agent || fail 'npm-agent was not installed'
[ -e "$work/global/share/man/man1/kubectl-npm-trace.1" ] || fail 'no man page was installed'
[ -e "$work/global/share/man/man1/kubectl-npm-trace.1" ] || fail 'no man page was installed'

if command -v kubectl >/dev/null; then
  check 'kubectl npm, bundle folder on PATH' env PATH="$root/dist:$PATH" kubectl npm translate --from "$dump"
  check 'kubectl npm, installed from the tarball' env PATH="$work/global/bin:$PATH" kubectl npm translate --from "$dump"
  PATH="$work/global/bin:$PATH" kubectl __complete npm tra 2>/dev/null | grep -q '^translate' || fail 'nothing is completed'
  PATH="$work/global/bin:$PATH" kubectl npm translate --help | grep -q '^  kubectl npm translate ' || fail 'usage does not say "kubectl npm"'
else
  echo 'smoke: skipped: kubectl is not installed, so "kubectl npm" was not tried; the executables were'
  check 'installed from the tarball' "$work/global/bin/kubectl-npm" translate --from "$dump"
fi
