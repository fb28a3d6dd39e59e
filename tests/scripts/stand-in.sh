#!/bin/bash
# Stands in for programs that a machine may lack; tests/scripts.rs links it under their names.
case ${0##*/} in
  nvidia-smi)
    case "$*" in
      *--list-gpus*) echo "GPU 0: stand-in" ;;
      *--loop-ms=*) while echo "100, 50"; do sleep 0.2; done ;;
      *) echo "stand-in, 0, 1 MiB" ;;
    esac
    ;;
  munged)
    for word in "$@"; do
      [[ $word != --socket=* ]] || ln -s "$STAND_IN_SOCKET" "${word#--socket=}"
    done
    ;;
  sinfo) echo idle ;;
  sbatch)
    echo "sbatch takes no jobs here: ${*: -1}" >&2
    exit 3
    ;;
  slurmctld | slurmd | squeue | scancel) ;;
  *)
    # A command of the documentation: its words, one a line, and an empty line.
    printf '%s\n' "${0##*/}" "$@" '' >>"$STAND_IN_RECORD"
    ;;
esac
