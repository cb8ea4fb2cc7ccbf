#!/usr/bin/env bash
# Each error names what is wrong and what to do, on standard error, with its documented exit code.
source "$(dirname "$0")/lib.sh"
start
container c1 >/dev/null
echo x >"$mnt/c1/file"
expect_error 3 'nosuch' oca stats --container --name nosuch
expect_error 3 'nosuch' oca container --delete --name nosuch --yes
expect_error 2 'name|letters' oca container --add --name 'a/b'
expect_error 2 'name' oca container --add --name ''
expect_error 4 'c1.*exists|exists.*c1' oca container --add --name c1
expect_error 3 'nogroup' oca container --add --name c2 --group nogroup
expect_error 4 'c1' oca storage_group --delete --name DefaultGroup --yes
expect_error 4 'delete_files|files' oca container --delete --name c1 --yes
expect_error 2 'quota' oca storage_group --add --name g --quota lots
expect_error 2 '--help' oca container --no_such_verb
expect_error 2 'help' oca nogroup --show
oca storage_group --add --name g --quota 64MiB >/dev/null
stop
expect_error 5 'make run|oca-appliance|start' oca container --show
