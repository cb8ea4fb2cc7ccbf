# Sourced by end-to-end tests of NDMP, after lib.sh: an appliance with ocandmpd at $port and a user for it, a library of four tapes of 30 MB
# that $ocavtl serves at $iscsi_port, a free port $other_port, and ndmjob.
# shellcheck shell=bash disable=SC2034,SC2154  # the tests use the variables; lib.sh sets $tmp

read -r port iscsi_port other_port < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
print(*(s.getsockname()[1] for s in sockets))')
mkdir -p "$OCA_HOME"
cat >"$OCA_HOME/ndmp.toml" <<TOML
address = "127.0.0.1"
port = $port
[[library]]
name = "lib1"
portal = "127.0.0.1:$iscsi_port"
target = "iqn.2026-11.local.oca:lib1"
TOML
start
password=$(oca user --add --name backup_user --roles ndmp --generate_password --json | jq -er .generated_password)
c=$(container tapes)
"$OCA_BIN/ocavtl" create --library "$c/lib1" --serial LIB001 --barcode_prefix AFNGC6 --no_of_drives 2 --slots 8
"$OCA_BIN/ocavtl" add_carts --library "$c/lib1" --no_of_tapes 4 --tape_size 30MB >/dev/null
touch "$tmp/ocavtl.log"
"$OCA_BIN/ocavtl" serve --library "$c/lib1" --target iqn.2026-11.local.oca:lib1 --portal "127.0.0.1:$iscsi_port" \
  --initiator iqn.2026-11.local.oca:ndmp >"$tmp/ocavtl.log" 2>&1 &
ocavtl=$!
eventually 60 grep -q ' serving ' "$tmp/ocavtl.log"

export NDMJOB_CONF=$OCA_TOP/t/support/ndmjob/ndmjob.conf
ndmjob=/usr/lib/amanda/ndmjob
answers() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
eventually 60 answers "$port"
job_seconds=120 # of one job, at most
# job <name> <arguments>: what ndmjob does, with its words in $tmp/<name>.
job() {
  local name=$1
  shift
  timeout "$job_seconds" $ndmjob -v "$@" >"$tmp/$name" 2>&1 || { cat "$tmp/$name"; fail "ndmjob: $name"; }
}
agent() { echo "127.0.0.1:$port/$1,backup_user,$password"; }
# ndmp_ends: the library is taken down in good order.
ndmp_ends() {
  kill "$ocavtl"
  wait "$ocavtl" || { cat "$tmp/ocavtl.log"; fail "ocavtl"; }
}
