#!/usr/bin/env bash
# A library made by oca is there for NDMP at once, without a word about it: robot and drives, and a tape is written and read.
source "$(dirname "$0")/lib.sh"
read -r port first_port < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in sockets))')
mkdir -p "$OCA_HOME"
printf 'address = "127.0.0.1"\nport = %d\n' "$port" >"$OCA_HOME/ndmp.toml"
printf '[vtl]\nfirst_port = %d\n' "$first_port" >"$OCA_HOME/oca.toml"
start
password=$(oca user --add --name backup_user --roles ndmp --generate_password --json | jq -er .generated_password)
oca container --add --name lib7 --type VTL --tape_size 10GB --no_of_drives 2 --no_of_tapes 3 >/dev/null
serving() { [ "$(field .live.state vtl --show --name lib7)" = serving ]; }
eventually 60 serving

export NDMJOB_CONF=$OCA_TOP/t/support/ndmjob/ndmjob.conf
job() { # <name> <arguments>: what ndmjob does, with its words in $tmp/<name>
  local name=$1
  shift
  timeout 120 /usr/lib/amanda/ndmjob -v "$@" >"$tmp/$name" 2>&1 || { cat "$tmp/$name"; fail "ndmjob: $name"; }
}
agent=127.0.0.1:$port/4m,backup_user,$password
job query -q -T "$agent"
for device in /oca/lib7/drive0 /oca/lib7/drive1; do
  grep -q "$device" "$tmp/query" || { cat "$tmp/query"; fail "no $device"; }
done
job robot -q -R "$agent" -r /oca/lib7/changer
barcode=$(oca vtl --show --name lib7 --json | jq -er '.live.cartridges[0].barcode')
grep -q "$barcode" "$tmp/robot" || { cat "$tmp/robot"; fail "no tapes in the robot"; }
job load -R "$agent" -r /oca/lib7/changer -o load=1000
job mover -o test-mover -T "$agent" -f /oca/lib7/drive0 -o no-time-stamps
grep -q 'FINAL .*Passed -- pass=.* warn=0 fail=0' "$tmp/mover" || { cat "$tmp/mover"; fail "test-mover"; }
