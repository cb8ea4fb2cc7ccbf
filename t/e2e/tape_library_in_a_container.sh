#!/usr/bin/env bash
# A tape library in a container: hosts see the same units as on any disk, through a kill -9 of tgtd too; what the operator made is there
# after a kill of ocafsd.
source "$(dirname "$0")/lib.sh"
start
c=$(container tapes)

# Over iSCSI, with libraries below $TMPDIR: on the mount.
mkdir "$c/tests"
TMPDIR=$c/tests "$OCA_BIN/vtl_test" --gtest_color=no --gtest_filter='TgtModule*' >"$tmp/log" 2>&1 || { cat "$tmp/log"; fail "tapes on the mount"; }

library=$c/lib1
ocavtl() { "$OCA_BIN/ocavtl" "$@" --library "$library"; }
ocavtl create --serial LIB001 --barcode_prefix AFNGC6 --no_of_drives 2 --slots 4
[ "$(ocavtl add_carts --no_of_tapes 3 --tape_size 10GB | tail -n 1)" = AFNGC6002 ]
ocavtl export_cart --address 1001
kill_ocafsd
start
ocavtl show --json | jq -e '[.elements[] | select(.barcode) | .barcode] == ["AFNGC6000", "AFNGC6002"] and .shelf == ["AFNGC6001"]' >/dev/null
