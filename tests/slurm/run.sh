#!/bin/bash
# A sweep on a real Slurm: one host is controller and node, in a folder that goes away afterwards.
# usage: run.sh PROGRAM (as root; installs munge, slurmctld and slurmd where they are missing)
set -euo pipefail
program=$(realpath "$1")

missing=()
command -v munged >/dev/null || missing+=(munge)
command -v slurmctld >/dev/null || missing+=(slurmctld)
command -v slurmd >/dev/null || missing+=(slurmd)
command -v sbatch >/dev/null || missing+=(slurm-client)
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
fi

# Short: sockets have names of at most 108 bytes.
home=$(mktemp -d /tmp/hiresnet-slurm-XXXXXX)
started=()
finish() {
  code=$?
  if [ "$code" -ne 0 ]; then
    tail -n 30 "$home"/*.log "$home"/"the runs"/*.out 2>/dev/null || true
    squeue 2>/dev/null || true
  fi
  scancel --user=root 2>/dev/null || true
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${started[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$home"
  exit "$code"
}
trap finish EXIT

fail() { echo "FAILED: $*" >&2; exit 1; }
# Until a command succeeds; half a second apart, so many times.
until_true() {
  local times=$1; shift
  for ((i = 0; i < times; i++)); do "$@" && return 0; sleep 0.5; done
  fail "waited in vain for: $*"
}

host=$(hostname -s)
mkdir -p "$home"/{munge,state,spool}
chmod 755 "$home" "$home"/*
(umask 077; head -c 1024 /dev/urandom > "$home/munge/key")
munged --foreground --force --key-file="$home/munge/key" --socket="$home/munge/socket" \
  --pid-file="$home/munge/pid" --seed-file="$home/munge/seed" > "$home/munged.log" 2>&1 &
started+=($!)
until_true 40 test -S "$home/munge/socket"

export SLURM_CONF="$home/slurm.conf"
cat > "$SLURM_CONF" <<END
ClusterName=trial
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$home/munge/socket,cred_expire=10
CryptoType=crypto/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=1
ReturnToService=2
SlurmctldPort=17017
SlurmdPort=17018
SlurmctldPidFile=$home/slurmctld.pid
SlurmdPidFile=$home/slurmd.pid
SlurmctldLogFile=$home/slurmctld.log
SlurmdLogFile=$home/slurmd.log
StateSaveLocation=$home/state
SlurmdSpoolDir=$home/spool
KillWait=20
MinJobAge=300
SlurmctldTimeout=30
SlurmdTimeout=30
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
slurmctld -D > "$home/slurmctld.out.log" 2>&1 &
started+=($!)
slurmd -D > "$home/slurmd.out.log" 2>&1 &
started+=($!)
is_idle() { sinfo --noheader --format=%t 2>/dev/null | grep -qx idle; }
until_true 120 is_idle
echo "$(slurmctld -V): $(sinfo --noheader)"

# Four tiny runs, long enough to be met in the middle; a folder with a space in its name.
cat > "$home/tiny sweep.toml" <<END
family = "plain"
dataset = "fashion-embedded"
epochs = 60
blocks = [1, 1]
widths = [4, 8]
batch = 10
train_limit = 300
val_limit = 50
test_limit = 50
probe_images = 10
[axes]
version = ["original", "hires[P1]"]
seed = "0..1"
END
out="$home/the runs"
"$program" sweep slurm "$home/tiny sweep.toml" --out "$out" --device cpu --threads 1 --time 1:00:00 \
  --tasks-at-once 2 --checkpoint-every 10
job=$(sbatch --parsable "$out/sweep.sbatch")
echo "submitted as $job"

events_of() {
  local folder
  folder=$("$program" sweep list "$home/tiny sweep.toml" --out "$out" --json |
    sed -n "/\"number\": $1,/,/\"folder\"/s/.*\"folder\": \"\(.*\)\".*/\1/p")
  [ -n "$folder" ] && echo "$folder/events.jsonl"
}
is_in_the_middle() { local events; events=$(events_of "$1") && [ "$(grep -c '"epoch_ended"' "$events")" -ge 2 ]; }
is_in_queue() { squeue --noheader --array --format='%i %t' | grep -q "^${job}_$1 PD"; }
log_has() { grep -qs "$2" "$out/slurm-${job}_$1.out"; }

# A preemption: Slurm ends the task and queues it again.
until_true 240 is_in_the_middle 1
scontrol requeue "${job}_1"
echo "requeued ${job}_1"
# What comes at a time limit: the signal to the script alone, which queues the task again.
until_true 240 is_in_the_middle 2
# It asks again while the task is on its way back to the queue, and must not meet it there.
timeout 3 scancel --signal=USR1 --batch "${job}_2" || true
echo "signalled ${job}_2 as at a time limit"
until_true 120 log_has 2 'time limit: queued again'

all_over() { [ -z "$(squeue --noheader)" ]; }
until_true 900 all_over

"$program" sweep list "$home/tiny sweep.toml" --out "$out"
finished=$("$program" sweep list "$home/tiny sweep.toml" --out "$out" --json | grep -c '"state": "finished"')
[ "$finished" -eq 4 ] || fail "$finished of 4 runs finished"
folders=$(find "$out" -name events.jsonl | wc -l)
[ "$folders" -eq 4 ] || fail "$folders folders for 4 runs"
for number in 1 2 3 4; do
  events=$(events_of "$number")
  [ "$(grep -c '"finished"' "$events")" -eq 1 ] || fail "run $number did not end once"
  continued=$(grep -c '"continued"' "$events" || true)
  echo "run $number: continued $continued times"
  if [ "$number" -le 2 ]; then
    [ "$continued" -ge 1 ] || fail "run $number did not go on from a checkpoint"
  else
    [ "$continued" -eq 0 ] || fail "run $number was cut off by nobody"
  fi
done
for number in 1 2; do
  log_has "$number" 'stopping after the current step' || fail "no SIGTERM arrived at task $number"
done
if log_has 1 'time limit: queued again'; then fail "task 1 was queued twice"; fi
if grep -q abandoned "$out"/slurm-"$job"_*.out; then fail "a run was abandoned, not stopped"; fi
echo "every run finished once, and those that were cut off went on"
