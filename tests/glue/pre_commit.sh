#!/usr/bin/env bash
# Runs .pre-commit-hooks.yaml with the pre-commit of PyPI in a scratch repository: a template that violates stops a commit,
# one that passes does not. `keyaki` is built as pre-commit builds it with `--build`; without, only the hook that takes the
# keyaki of the PATH is run. Needs git and PyPI; everything is written below target/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD
hooks=(keyaki-installed)
[ "${1:-}" != --build ] || hooks+=(keyaki)
work=$root/target/glue/pre-commit
rm -rf "$work"
mkdir -p "$work/bin"
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pre-commit==4.7.0
ln -s "${KEYAKI:-$root/target/debug/keyaki}" "$work/bin/keyaki"
export PATH="$work/bin:$work/venv/bin:$PATH" PRE_COMMIT_HOME="$work/home"
export GIT_CONFIG_GLOBAL="$work/gitconfig" GIT_CONFIG_NOSYSTEM=1
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target/glue/cargo}
git config --file "$GIT_CONFIG_GLOBAL" user.email test@example.com
git config --file "$GIT_CONFIG_GLOBAL" user.name test
git config --file "$GIT_CONFIG_GLOBAL" safe.directory '*'

# The hooks as they are here, committed or not.
mkdir "$work/hooks"
git ls-files -z | tar --null -T - -cf - | tar -C "$work/hooks" -xf -
cp .pre-commit-hooks.yaml "$work/hooks/"
git -C "$work/hooks" init --quiet
git -C "$work/hooks" add .
git -C "$work/hooks" commit --quiet -m hooks
pre-commit validate-manifest .pre-commit-hooks.yaml

for hook in "${hooks[@]}"; do
  repository=$work/repository-$hook
  mkdir "$repository"
  cd "$repository"
  git init --quiet
  cat > .pre-commit-config.yaml <<YAML
repos:
  - repo: $work/hooks
    rev: $(git -C "$work/hooks" rev-parse HEAD)
    hooks: [{id: $hook}]
YAML
  cp "$root/fixtures/org-only/keyaki.yaml" .
  cp "$root/fixtures/org-only/template.yaml" .
  pre-commit validate-config
  pre-commit install >/dev/null
  git add .
  if git commit --quiet -m 'open bucket' > "$work/log" 2>&1; then
    echo "error: $hook let a violation pass" >&2
    exit 1
  fi
  grep -q 'FAIL no-public Reports/PolicyDocument' "$work/log"
  sed -i 's/ForAllValues:StringEquals/StringEquals/' template.yaml
  git add .
  git commit --quiet -m 'closed bucket' > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
  grep -q Passed "$work/log"
  echo text > notes.txt
  git add .
  git commit -m notes > "$work/log" 2>&1
  grep -q 'no files to check' "$work/log"
  echo "ok: pre-commit hook $hook"
done
