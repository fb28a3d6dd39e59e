#!/usr/bin/env bash
# Trains a HiResNet whole, and once more killed with SIGKILL at random moments until it is done; then
# compares what both left.
#
#     bash kill.sh hiresnet-tui 20
set -euo pipefail
program=$1 kills=$2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
spec='resnet+hires@fashion-embedded epochs=8 batch=50 train_limit=1500 val_limit=500 test_limit=500'
train() { "$program" --batch "$spec" --device cpu --resume --checkpoint-every 2 --out "$1" >/dev/null 2>&1; }

train "$folder/whole"
RANDOM=7 done=0
for ((kill = 1; kill <= kills; kill++)); do
  "$program" --batch "$spec" --device cpu --resume --checkpoint-every 2 --out "$folder/killed" >/dev/null 2>&1 &
  sleep "$((RANDOM % 2)).$((RANDOM % 700 + 300))"
  kill -9 $! 2>/dev/null || done=1
  wait $! 2>/dev/null || true
  [ $done = 0 ] || break
done
train "$folder/killed"
went_on=$(grep -c '"event":"continued"' "$folder"/killed/*/events.jsonl || true)
echo "killed $((kill - 1)) times; the record says that it went on $went_on times"
for file in best.safetensors last.safetensors; do
  sha256sum < "$(echo "$folder"/whole/*/$file)" | cut -c1-16 | sed "s/^/$file  whole   /"
  sha256sum < "$(echo "$folder"/killed/*/$file)" | cut -c1-16 | sed "s/^/$file  killed  /"
done
# Losses, hits and activations of every step and epoch, without times.
losses() { grep -hE '"event":"(step|epoch_ended|probed|tested)"' "$1"/*/events.jsonl | sed -E 's/"t":[0-9.]+,?//' | sort -u | sha256sum | cut -c1-16; }
echo "record            whole   $(losses "$folder/whole")"
echo "record            killed  $(losses "$folder/killed")"
