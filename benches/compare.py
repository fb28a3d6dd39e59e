"""Times this program and PyTorch in turn on the CPU, and says how they compare.

    cargo build --release && python benches/compare.py
    python benches/compare.py --only resnet+hires --rounds 3
    python benches/compare.py --only 'resnext+hires train' --batch 25 --json

Each case is a network in training (forward, cross-entropy, backward, Adam) or evaluation
(forward). In each round a process of `hiresnet-tui bench train` and one of the peer run one
after the other, alone, with the same number of threads, steps and images. The figures are the
medians over the rounds of images per second, each of them by the median step of its process;
ratios are ours over the peer's, so above 1 this program is faster. The memory is the largest
resident set of each training process, as the system reports it when the process has ended.

The peer is benches/torch_bench.py, channels-last, run by the Python that runs this script
(which needs torch for it). --peer takes another script, called as

    SCRIPT bench --channels-last --family F --hops H --batch N --threads T --steps S --warmup W

that prints `images_per_s X` for a training step; then evaluation is left out. Nothing else
should run on the machine meanwhile. Exit code 1 when a process fails, 2 for wrong arguments.
"""
import argparse
import importlib.metadata
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PEER = HERE / "torch_bench.py"
BINARY = HERE.parent / "target" / "release" / "hiresnet-tui"
# Spec, and family and hops as the peer calls them.
NETWORKS = {
    "plain": ("plain", "none"),
    "resnet": ("resnet", "none"),
    "resnet+hires": ("resnet", "all"),
    "resnext": ("resnext", "none"),
    "resnext+hires": ("resnext", "all"),
}


def run(command):
    """What a process printed, and its largest resident set in MiB."""
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors)
        except OSError as error:
            sys.exit(f"cannot run {command[0]}: {error.strerror}")
        with process.stdout:
            printed = process.stdout.read().decode()
        # Linux never reports less than the parent's own size; this script is small.
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip()
            sys.exit(f"exit code {process.returncode} of: {' '.join(command)}\n{said}")
    return printed, usage.ru_maxrss / 1024


def ours(network, mode, options):
    command = [str(options.binary), "bench", "train", f"{network}@fashion-embedded", f"batch={options.batch}"]
    command += ["--eval"] if mode == "eval" else []
    command += ["--steps", str(options.steps), "--warmup", str(options.warmup)]
    command += ["--threads", str(options.threads), "--device", "cpu", "--json"]
    printed, memory = run(command)
    report = json.loads(printed)
    asked = {"mode": mode, "batch": options.batch, "threads": options.threads, "device": "cpu"}
    if other := {key: report[key] for key in asked if report[key] != asked[key]}:
        sys.exit(f"the program measured {other}, and not what was asked: {' '.join(command)}")
    return {"images_per_s": report["images_per_s"], "peak_rss_mib": memory}


def peers(network, mode, options):
    family, hops = NETWORKS[network]
    word = mode if options.peer == PEER else "bench"
    command = [sys.executable, str(options.peer), word, "--channels-last", "--family", family, "--hops", hops]
    command += ["--batch", str(options.batch), "--threads", str(options.threads)]
    command += ["--steps", str(options.steps), "--warmup", str(options.warmup)]
    printed, memory = run(command)
    figures = dict(line.split(maxsplit=1) for line in printed.splitlines() if " " in line)
    return {"images_per_s": float(figures["images_per_s"]), "peak_rss_mib": memory}


def compare(network, mode, options):
    """All rounds of one case."""
    rounds = [{"ours": ours(network, mode, options), "peer": peers(network, mode, options)}
              for _ in range(options.rounds)]
    case = {"case": f"{network} {mode}", "rounds": rounds}
    for key in ("images_per_s", "peak_rss_mib"):
        median = {side: statistics.median(r[side][key] for r in rounds) for side in ("ours", "peer")}
        case[key] = {**median, "ratio": median["ours"] / median["peer"]}
    return case


def machine(options):
    """What the figures depend on."""
    try:
        cpus = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        cpus = []
    models = [line.split(":", 1)[1].strip() for line in cpus if line.startswith("model name")]
    try:
        torch = importlib.metadata.version("torch")
    except importlib.metadata.PackageNotFoundError:
        sys.exit(f"{sys.executable} has no torch, which the peer needs")
    return {
        "cpu": models[0] if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "threads": options.threads,
        "ours": run([str(options.binary), "--version"])[0].strip(),
        "torch": torch,
        "python": platform.python_version(),
        "peer": options.peer.name,
    }


def table(cases):
    lines = [f"{'':20} {'images/s':^25}   {'peak memory, MiB':^25}", f"{'':20}" + 2 * f" {'ours':>8} {'peer':>8} {'ratio':>7}  "]
    for case in cases:
        speed, memory = case["images_per_s"], case["peak_rss_mib"]
        line = f"{case['case']:20} {speed['ours']:8.1f} {speed['peer']:8.1f} {speed['ratio']:7.2f}"
        if case["case"].endswith("train"):
            line += f"   {memory['ours']:8.0f} {memory['peer']:8.0f} {memory['ratio']:7.2f}"
        lines.append(line)
    return "\n".join(line.rstrip() for line in lines)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--binary", type=pathlib.Path, default=BINARY)
    arguments.add_argument("--peer", type=pathlib.Path, default=PEER, metavar="SCRIPT")
    arguments.add_argument("--only", metavar="NAME", help="a network, or a case such as 'resnet train'")
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--batch", type=int, default=100)
    arguments.add_argument("--steps", type=int, default=15)
    arguments.add_argument("--warmup", type=int, default=3)
    arguments.add_argument("--json", action="store_true", help="JSON on stdout, all else on stderr")
    options = arguments.parse_args()
    if min(options.rounds, options.threads, options.batch, options.steps) < 1 or options.warmup < 0:
        arguments.error("--rounds, --threads, --batch and --steps must be at least 1, --warmup at least 0")
    options.binary, options.peer = options.binary.resolve(), options.peer.resolve()
    modes = ("train", "eval") if options.peer == PEER else ("train",)
    cases = [(network, mode) for network in NETWORKS for mode in modes]
    if options.only:
        cases = [(n, m) for n, m in cases if options.only in (n, f"{n} {m}")]
        if not cases:
            arguments.error(f"--only takes one of {', '.join(NETWORKS)}, or with a mode ({', '.join(modes)})")

    out = sys.stderr if options.json else sys.stdout
    facts = machine(options)
    print(f"{facts['cpu']}, {facts['cores']} cores, {facts['threads']} threads", file=out)
    print(f"{facts['ours']} against {facts['peer']}: torch {facts['torch']}, Python {facts['python']}", file=out)
    print(
        f"batch {options.batch}; medians of {options.rounds} rounds, "
        f"each {options.steps} steps after {options.warmup}",
        file=out, flush=True,
    )
    done = []
    for network, mode in cases:
        done.append(compare(network, mode, options))
        speeds = "  ".join(
            f"{r['ours']['images_per_s']:.1f}/{r['peer']['images_per_s']:.1f}" for r in done[-1]["rounds"]
        )
        print(f"  {done[-1]['case']}: {speeds}", file=out, flush=True)
    print("\n" + table(done), file=out)
    if options.json:
        print(json.dumps({**facts, "batch": options.batch, "steps": options.steps, "cases": done}, indent=2))


if __name__ == "__main__":
    main()
