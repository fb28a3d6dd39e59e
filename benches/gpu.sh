#!/usr/bin/env bash
# Checks and times a prebuilt binary on a machine with an NVIDIA GPU; needs no internet and no
# cargo.
#
#     benches/gpu.sh [BINARY]        # default: target/release/hiresnet-tui
#
# In turn: all devices, three steps on each against the CPU's; how soon training starts with no
# kernel compiled, and again; the same through Vulkan, where that has a GPU; a short run trained on
# the CPU and scored again on both devices; logits on the GPU against the CPU's; five epochs on the GPU; training steps timed with batches of 100 and 1000
# while nvidia-smi samples memory and utilisation; four seeds at once against one after the
# other; and PyTorch beside it, where $PYTHON (default python3) has a torch that finds the GPU.
# PyTorch's own defaults hold, so its "eager" convolutions may compute in TF32.
#
# HIRESNET_GPU_BENCH_QUICK=1 runs every step for a moment, on small networks and a few images, to
# test this script; its figures mean nothing. DEVICE=cpu runs the steps there instead of on CUDA
# (then the comparisons with the CPU fail: there is nothing to compare).
#
# A step that fails or takes too long is recorded, and the next one runs. The table comes last.
# Exit code 0 when all of the program's own steps passed, 1 when one failed, 2 where there is
# no GPU or no binary.
set -u
export LC_ALL=C

root=$(cd "$(dirname "$0")/.." && pwd) || exit 2
binary=${1:-$root/target/release/hiresnet-tui}
python=${PYTHON:-python3}
device=${DEVICE:-cuda}
torch_device=cuda
[[ $device != cpu ]] || torch_device=cpu
gpu=${CUDA_VISIBLE_DEVICES:-0}
gpu=${gpu%%,*}
hires=resnet+hires@fashion-embedded
# Epochs and keys of a run that is trained, keys of every network, and what is timed.
epochs=5
few=(train_limit=1000 val_limit=200 test_limit=500 probe_images=50)
all=()
network=()
batches=(100 1000)
timed=(--steps 200 --warmup 20)
if [[ -n ${HIRESNET_GPU_BENCH_QUICK:-} ]]; then
  epochs=2
  few=(train_limit=20 val_limit=10 test_limit=10 probe_images=5)
  all=("${few[@]}")
  network=(blocks=1,1 widths=4,8)
  batches=(2)
  timed=(--steps 1 --warmup 0)
fi

if ! nvidia-smi --list-gpus 2>/dev/null | grep -q GPU; then
  echo "no GPU here: nvidia-smi is missing or finds none"
  exit 2
fi
if [[ ! -x $binary || -d $binary ]]; then
  echo "no program at $binary; build it, or name it: benches/gpu.sh BINARY"
  exit 2
fi
binary=$(realpath "$binary")

work=$(mktemp -d) || exit 2
log=$work/log
sampler=
failed=0
rows=()
cleanup() {
  [[ -z $sampler ]] || kill "$sampler" 2>/dev/null
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# row NAME RESULT: a line of the table at the end.
row() {
  rows+=("$(printf '%-36s %s' "$1" "$2")")
}

# attempt NAME SECONDS COMMAND...: runs it for so long at most, and shows what it prints.
# Leaves that in $log, the seconds it took in $took, and why it failed, if it did, in $why.
attempt() {
  local name=$1 limit=$2 start status
  shift 2
  printf '\n== %s\n%s\n' "$name" "$*"
  start=$(date +%s%N)
  timeout --foreground --kill-after=10 "$limit" "$@" 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  took=$(awk "BEGIN { printf \"%.1f\", ($(date +%s%N) - $start) / 1e9 }")
  case $status in
    0) why= ;;
    124 | 137) why="failed (longer than $limit s)" ;;
    *) why="failed (exit code $status)" ;;
  esac
  return "$status"
}

# step NAME SECONDS ARGUMENTS...: one of the program's own steps; a failure counts.
step() {
  local name=$1 limit=$2
  shift 2
  attempt "$name" "$limit" "$binary" "$@" && return
  row "$name" "$why"
  failed=$((failed + 1))
  return 1
}

# number KEY: the number that the JSON in $log has under KEY.
number() {
  sed -n "s/.*\"$1\": *\([-+0-9.eE]*\).*/\1/p" "$log" | head -n 1
}

# top1: the test top-1 of the best weights of the run in $log.
top1() {
  sed -n 's/.*test, best weights.*top-1 \([0-9.]*%\).*/\1/p' "$log" | head -n 1
}

# speed: the figures that a benchmark left in $log.
speed() {
  awk -v rate="$(number images_per_s)" -v step="$(number step_median_s)" -v peak="$(number peak_memory_mib)" \
    'BEGIN { printf "%.0f img/s, step %.2f ms", rate, step * 1000; if (peak != "") printf ", peak %.0f MiB", peak }'
}

# sample: begins to sample the GPU, and waits until nvidia-smi does.
sample() {
  rm -f "$work/samples"
  nvidia-smi --id="$gpu" --query-gpu=memory.used,utilization.gpu --format=csv,noheader,nounits \
    --loop-ms=200 >"$work/samples" 2>/dev/null &
  sampler=$!
  for _ in {1..50}; do
    [[ ! -s $work/samples ]] || break
    sleep 0.1
  done
}

# sampled: ends the sampling; the most memory in use (by anyone), and the mean utilisation of
# the samples that were not idle.
sampled() {
  kill "$sampler" 2>/dev/null
  wait "$sampler" 2>/dev/null
  sampler=
  awk -F ', *' '
    $1 + 0 > memory { memory = $1 + 0 }
    $2 + 0 > 0 { busy++; sum += $2; if ($2 + 0 > most) most = $2 + 0 }
    END {
      if (NR == 0) printf "not sampled"
      else printf "GPU memory in use %d MiB, utilisation %.0f%% (at most %d%%)", memory, busy ? sum / busy : 0, most
    }' "$work/samples"
}

nvidia-smi --id="$gpu" --query-gpu=name,driver_version,memory.total --format=csv,noheader
"$binary" --version

name="devices"
step "$name" 600 devices --check && row "$name" "all that work agree with the CPU"

# started: the seconds before the steps after the first, of the run in $log.
started() {
  sed -n 's/.*"event":"phase","phase":"training".*/&/p' "$log" | sed 's/.*"t":\([0-9.]*\).*/\1/' | head -n 1
}

backends=("$device")
if [[ $device == cuda ]] && "$binary" devices | grep -q '^gpu:0 .*discrete GPU'; then
  backends+=(gpu:0)
fi
for backend in "${backends[@]}"; do
  export HIRESNET_CACHE=$work/kernels-$backend
  for start in "first start" "later start"; do
    name="$start, $backend"
    step "$name" 600 --batch "$hires" epochs=1 "${few[@]}" "${network[@]}" --device "$backend" --json \
      --out "$work/start" && row "$name" "trains after $(started) s"
  done
done

name="train on the CPU"
if step "$name" 600 --batch "$hires" epochs=1 "${few[@]}" "${network[@]}" --device cpu --out "$work/cpu"; then
  row "$name" "test top-1 $(top1) after 1 epoch, ${few[0]}, $took s"
  run=$(find "$work/cpu" -mindepth 1 -maxdepth 1 -type d | head -n 1)
  for where in cpu "$device"; do
    step "eval of it, $where" 300 eval "$run" --device "$where" && row "eval of it, $where" "agrees, $took s"
  done
else
  row "eval of it" "not run"
fi

for family in plain resnet+hires resnext+hires; do
  name="logits, $device to cpu, $family"
  step "$name" 300 bench parity "$family@fashion-embedded" "${network[@]}" --device "$device" --json &&
    row "$name" "differ by $(number max_abs_difference), relatively $(number max_relative_difference)"
done

name="$epochs epochs on $device"
step "$name" 600 --batch "$hires" "epochs=$epochs" "${all[@]}" "${network[@]}" --device "$device" --out "$work/epochs" &&
  row "$name" "test top-1 $(top1), $took s"

for batch in "${batches[@]}"; do
  name="train step, batch $batch"
  sample
  if step "$name" 600 bench train "$hires" "batch=$batch" "${network[@]}" "${timed[@]}" --device "$device" --json; then
    row "$name" "$(speed)"
    row "" "$(sampled)"
  else
    sampled >/dev/null
  fi
done

for parallel in 1 4; do
  name="4 seeds, --parallel $parallel"
  step "$name" 600 --batch "$hires" epochs=2 "${all[@]}" "${network[@]}" --seeds 0..3 --parallel "$parallel" \
    --device "$device" --out "$work/parallel-$parallel" && row "$name" "$took s in all, 2 epochs each"
done

if "$python" -c 'import sys, torch; assert sys.argv[1] == "cpu" or torch.cuda.is_available()' "$torch_device" 2>/dev/null; then
  for batch in "${batches[@]}"; do
    for variant in "eager" "channels-last" "channels-last bf16" "channels-last compile"; do
      flags=()
      for flag in ${variant#eager}; do flags+=("--$flag"); done
      name="PyTorch, batch $batch, ${variant#channels-last }"
      if attempt "$name" 300 "$python" "$root/benches/torch_bench.py" train --device "$torch_device" --batch "$batch" \
        "${timed[@]}" --json "${flags[@]}"; then
        row "$name" "$(speed)"
      elif [[ $variant == *compile ]]; then
        row "$name" "not available"
      else
        row "$name" "$why"
      fi
    done
  done
else
  row "PyTorch" "not run: $python has no torch that finds the GPU"
fi

printf '\n'
printf '%s\n' "${rows[@]}"
if ((failed > 0)); then
  echo "$failed of the program's own steps failed"
  exit 1
fi
