#!/usr/bin/env bash
# git on the mount: commit, branch, clone, gc, fsck; the clone equals the source.
source "$(dirname "$0")/lib.sh"
set -e
start
c=$(container git)
export HOME=$tmp GIT_CONFIG_NOSYSTEM=1
git config --global user.name e2e
git config --global user.email e2e@example.org
git config --global init.defaultBranch main
mkdir "$c/work"
cp -a "$tree/." "$c/work/"
cd "$c/work"
git init -q
git add -A
git commit -qm one
git checkout -qb side
find . -name 'strict.pm' -not -path './.git/*' -exec sed -i '1i # changed' {} +
git commit -qam two
git clone -q --no-hardlinks "$c/work" "$c/clone"
git gc -q --aggressive --prune=now
git fsck --full --strict 2>"$tmp/fsck"
[ -z "$(git status --porcelain)" ] || fail "git status: $(git status --porcelain | head)"
cd "$c/clone"
git fsck --full --strict 2>"$tmp/fsck"
git checkout -q main 2>/dev/null || git checkout -qb main origin/main
diff -r "$tree" "$c/clone" -x .git
cd /
