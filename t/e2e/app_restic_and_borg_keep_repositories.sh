#!/usr/bin/env bash
# restic and borg with their repositories on the mount: back up, prune, check everything, restore.
source "$(dirname "$0")/lib.sh"
start
c=$(container repos)
export RESTIC_PASSWORD=x RESTIC_CACHE_DIR=$tmp/restic BORG_BASE_DIR=$tmp/borg BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK=yes
mkdir "$tmp/r" "$tmp/b"

restic -q -r "$c/restic" init
restic -q -r "$c/restic" backup "$tree" --tag old
restic -q -r "$c/restic" backup "$tree" /etc/apt --tag new
restic -q -r "$c/restic" forget --keep-last 1 --prune --group-by ''
restic -q -r "$c/restic" check --read-data
restic -q -r "$c/restic" restore latest --target "$tmp/r"
same_tree "$tree" "$tmp/r$tree"

borg init -e none "$c/borg"
borg create "$c/borg::old" "$tree"
borg create "$c/borg::new" "$tree" /etc/apt
borg delete "$c/borg::old"
borg compact "$c/borg"
borg check --verify-data "$c/borg"
(cd "$tmp/b" && borg extract "$c/borg::new")
same_tree "$tree" "$tmp/b$tree"
