#!/usr/bin/env bash
# completion_test.sh <oca>: the words that etc/oca.bash-completion offers.
set -euo pipefail
program=$1
# shellcheck source=../../../etc/oca.bash-completion
source "$(dirname "$0")/../../../etc/oca.bash-completion"

# Names come from a service that is not there: this stands for it.
oca() {
  case "$*" in
    "container --show --names_only") printf 'backups\ndemo\n' ;;
    "vtl --show --names_only") printf 'lib1\nlib2\n' ;;
    "user --show --names_only") printf 'adam\neve\n' ;;
    "stats --series --names_only") printf 'cpu.load_1\ncpu.used_percent\n' ;;
    "storage_group --show --names_only") printf 'DefaultGroup\nvms\n' ;;
    *) "$program" "$@" ;;
  esac
}

# expect "<words, the last one incomplete>" "<what is offered, sorted>"
expect() {
  local got
  IFS=' ' read -ra COMP_WORDS <<<"$1"
  [[ $1 != *' ' ]] || COMP_WORDS+=("")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
  _oca oca
  got=$(printf '%s\n' "${COMPREPLY[@]}" | sort -u | xargs)
  [ "$got" = "$2" ] || {
    echo "'$1': offered '$got', not '$2'" >&2
    exit 1
  }
}

expect "oca c" "connection container"
expect "oca st" "stats storage_group"
expect "oca container " "add add_uac delete delete_uac recycle_bin retention show show_uac update update_uac"
expect "oca container --" "--add --add_uac --delete --delete_uac --help --recycle_bin --retention --show --show_uac --update --update_uac"
expect "oca container --update --marker " "auto none tar"
expect "oca container --d" "--delete --delete_uac"
expect "oca container --add --n" "--name --no_of_drives --no_of_slots --no_of_tapes"
expect "oca container --add --g" "--generation --group --group_name"
expect "oca container --add --name " ""
expect "oca container --add --group_name " "DefaultGroup vms"
expect "oca container --delete --name b" "backups"
expect "oca container delete --name d" "demo"
expect "oca storage_group --update --name v" "vms"
expect "oca storage_group --encryption --name vms --mode " "internal static"
expect "oca storage_group --un" "--unlock"
expect "oca container --add_uac --name backups --mode " "RW RWD"
expect "oca container --add_uac --role nd" "ndmp"
expect "oca container --add_uac --user a" "adam"
expect "oca user --addtoken --role " "administrator monitor"
expect "oca container --retention --name b --mode " "compliance governance none"
expect "oca storage_group --add --compression_mode " "best fast lz4"
expect "oca vtl --export_cart --name l" "lib1 lib2"
expect "oca connection --add --type " "ISCSI"
expect "oca connection --add --name l" "lib1 lib2"
expect "oca iscsi --sess" "--sessions"
expect "oca ndmp " "show update"
expect "oca ndmp --update --data_p" "--data_ports"
expect "oca ndmp --update --data_ports " "any"
expect "oca ndmp --update --data_address " "as_reached"
expect "oca stats --nd" "--ndmp --ndmp_completed"
expect "oca replication " "add delete limit show start stop update"
expect "oca replication --add --name " "backups demo"
expect "oca replication --add --role " "source target"
expect "oca replication --update --encryption " "aes256 none"
expect "oca replication --add --peer_" "--peer_group_name --peer_name"
expect "oca schedule --add --replication --name d" "demo"
expect "oca schedule --add --cleaner --day s" "sat sun"
expect "oca storage_group --encryption --na" "--name"
expect "oca user --se" "--setpassword"
expect "oca user --totp --re" "--recovery_codes --reset --revision"
expect "oca user --update --name e" "eve"
expect "oca user --add --name " ""
expect "oca user --add --roles mon" "monitor"
expect "oca container --show --login a" "adam"
expect "oca --login adam container --sh" "--show --show_uac"
expect "oca stats --container --name " "backups demo"
expect "oca stats --storage_group --name D" "DefaultGroup"
expect "oca stats --storage_group --j" "--json"
expect "oca stats --history --name cpu.u" "cpu.used_percent"
expect "oca stats --history --resolution 1" "15s 1d 1h"
expect "oca stats --history --si" "--since"
expect "oca maintenance --filesystem --rec" "--reclaim_space"
expect "oca maintenance --filesystem --start_scan verify_d" "verify_data"
expect "oca maintenance --filesystem --start_scan verify_data --storage_group v" "vms"
expect "oca alerts --show --ev" "--events"
expect "oca email_" "email_alerts email_stats"
expect "oca email_alerts --configure --sec" "--security"
expect "oca email_stats --configure --interval " "daily weekly"
expect "oca --home /tmp container --sh" "--show --show_uac"
