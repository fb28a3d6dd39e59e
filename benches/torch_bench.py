"""Times the paper's networks in PyTorch: what `hiresnet-tui bench train` is held against.

    python benches/torch_bench.py train --family resnet --hops all --channels-last
    python benches/torch_bench.py eval --batch 1000 --device cuda --bf16 --compile --json

Needs torch. A step of `train` is forward, cross-entropy, backward and Adam, one of
`eval` the forward pass in inference mode; both on one batch of random images that stays on
the device. Prints the median of the steps, images per second by it, and the peak memory: on
the CPU the process's largest resident set, on CUDA the most that PyTorch held allocated, in
MiB. On CUDA the clock stops when the device has finished the step.

--bf16 computes in autocast, --compile through torch.compile. Exit code 1, with one line that
says why, where CUDA or torch.compile does not work; 2 for wrong arguments.
"""
import argparse
import json
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F

from peer import FAMILIES, GROUPS, name, network


def stepper(options):
    """The function that takes one step."""
    torch.manual_seed(0)
    net = network(options.family, options.hops).to(options.device)
    images = torch.randn(options.batch, 3, 32, 32, device=options.device)
    labels = torch.randint(0, 10, (options.batch,), device=options.device)
    if options.channels_last:
        net = net.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    adam = torch.optim.Adam(net.parameters(), lr=0.01)
    net.train(options.mode == "train")
    forward = torch.compile(net) if options.compile else net
    autocast = torch.autocast(options.device, dtype=torch.bfloat16, enabled=options.bf16)

    def train():
        adam.zero_grad(set_to_none=True)
        with autocast:
            loss = F.cross_entropy(forward(images), labels)
        loss.backward()
        adam.step()

    @torch.inference_mode()
    def evaluate():
        with autocast:
            forward(images)

    return train if options.mode == "train" else evaluate


def seconds_of_steps(options):
    step = stepper(options)
    finish = torch.cuda.synchronize if options.device == "cuda" else lambda: None
    times = []
    for i in range(options.warmup + options.steps):
        finish()
        start = time.perf_counter()
        step()
        finish()
        if i >= options.warmup:
            times.append(time.perf_counter() - start)
    return times


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("mode", choices=("train", "eval"))
    arguments.add_argument("--family", default="resnet", choices=FAMILIES)
    arguments.add_argument("--hops", default="all", choices=GROUPS)
    arguments.add_argument("--batch", type=int, default=100)
    arguments.add_argument("--steps", type=int, default=15)
    arguments.add_argument("--warmup", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    arguments.add_argument("--channels-last", action="store_true")
    arguments.add_argument("--bf16", action="store_true")
    arguments.add_argument("--compile", action="store_true")
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    if min(options.batch, options.steps, options.threads) < 1 or options.warmup < 0:
        arguments.error("--batch, --steps and --threads must be at least 1, --warmup at least 0")
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("CUDA does not work here: PyTorch finds no device")
    torch.set_num_threads(options.threads)
    try:
        times = seconds_of_steps(options)
    except Exception as error:
        if not options.compile:
            raise
        # Compilers fail in many ways, with pages of text; the first line says which.
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        sys.exit(f"torch.compile does not work here: {reason}")
    median = statistics.median(times)
    if options.device == "cuda":
        peak = torch.cuda.max_memory_allocated() / 2**20
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if not options.json:
        print(f"step_median_s {median:.5f}")
        print(f"images_per_s {options.batch / median:.1f}")
        print(f"peak_memory_mib {peak:.0f}")
        return
    print(json.dumps({
        "spec": name(options.family, options.hops),
        "device": torch.cuda.get_device_name() if options.device == "cuda" else "cpu",
        "batch": options.batch,
        "threads": options.threads,
        "mode": options.mode,
        "channels_last": options.channels_last,
        "bf16": options.bf16,
        "compile": options.compile,
        "step_median_s": median,
        "images_per_s": options.batch / median,
        "peak_memory_mib": peak,
        "torch": torch.__version__,
    }))


if __name__ == "__main__":
    main()
