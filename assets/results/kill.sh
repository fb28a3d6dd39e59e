#!/usr/bin/env bash
# Trains a HiResNet whole, and once more killed with SIGKILL at random moments until it is done; then
# compares what both left. Exit code 1 where that differs.
#
#     bash kill.sh hiresnet-tui 20
#     bash kill.sh hiresnet-tui 1 epochs=2 train_limit=300      # other keys of the spec
set -euo pipefail
[ $# -ge 2 ] || { echo "usage: kill.sh PROGRAM KILLS [KEY=VALUE…]" >&2; exit 2; }
program=$1 kills=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
spec='resnet+hires@fashion-embedded epochs=8 batch=50 train_limit=1500 val_limit=500 test_limit=500'
keys=()
for key in "$@"; do keys+=(--set "$key"); done
start() { exec "$program" --batch "$spec" "${keys[@]}" --device cpu --resume --checkpoint-every 2 --out "$1"; }
train() { (start "$1") >"$folder/said" 2>&1 || { cat "$folder/said" >&2; exit 1; }; }

train "$folder/whole"
RANDOM=7 done=0
for ((kill = 1; kill <= kills; kill++)); do
  start "$folder/killed" >/dev/null 2>&1 &
  sleep "$((RANDOM % 2)).$((RANDOM % 700 + 300))"
  kill -9 $! 2>/dev/null || done=1
  wait $! 2>/dev/null || true
  [ $done = 0 ] || break
done
train "$folder/killed"
went_on=$(grep -c '"event":"continued"' "$folder"/killed/*/events.jsonl || true)
echo "killed $((kill - 1)) times; the record says that it went on $went_on times"
differ=0
# both NAME WHOLE KILLED: the two checksums, which ought to be one.
both() {
  printf '%-17s whole   %s\n%-17s killed  %s\n' "$1" "$2" "$1" "$3"
  [ "$2" = "$3" ] || differ=1
}
for file in best.safetensors last.safetensors; do
  sum() { sha256sum < "$(echo "$folder/$1"/*/$file)" | cut -c1-16; }
  both "$file" "$(sum whole)" "$(sum killed)"
done
# Losses, hits and activations of every step and epoch, without times.
losses() { grep -hE '"event":"(step|epoch_ended|probed|tested)"' "$folder/$1"/*/events.jsonl | sed -E 's/"t":[-+0-9.e]+,?//' | sort -u | sha256sum | cut -c1-16; }
both record "$(losses whole)" "$(losses killed)"
exit $differ
