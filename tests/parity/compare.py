"""Repeats in PyTorch what `hiresnet-tui parity DIR SPEC` wrote, and says how far apart they are.

    pip install torch numpy safetensors
    hiresnet-tui parity DIR SPEC && python tests/parity/compare.py DIR…

Logits and gradients of step 0 are compared tensor by tensor, as the largest difference over
the largest value, and the losses of the first steps one by one, relatively. A gradient that
is zero in exact arithmetic (of a bias before a batch norm) holds rounding only; a tensor is
therefore measured against no less than a thousandth of the largest gradient of the network.

Both programs take the steps twice, in single and in double precision. In single precision
some of the millions of activations lie within rounding of zero, so two correct programs pass
a few gradients on different sides of a ReLU, and Adam, whose first steps have the size of
the learning rate whatever the gradient, drives them apart. The distance between PyTorch in
single and PyTorch in double precision shows how far; in double precision it is nothing.

Exit code 1 when a limit is passed. In double precision: 1e-4 for logits and gradients, 1e-3
for losses. In single precision: 1e-4 for logits; gradients and losses no further from
PyTorch's than ten times PyTorch's own distance between precisions (at least 1e-4 and 1e-3).
"""
import argparse
import json
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import load_file

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "benches"))
from peer import HiResNet  # noqa: E402

LIMITS = {"logits": 1e-4, "gradients": 1e-4, "losses": 1e-3}


def distance(ours, theirs, floor=0.0):
    scale = max(theirs.abs().max().item(), floor)
    gap = (ours.double() - theirs.double()).abs().max().item()
    return gap / scale if scale else gap


def optimizer(spec, parameters):
    """What the spec calls its optimizer, in PyTorch."""
    common = {"lr": spec["lr"], "weight_decay": spec["weight_decay"]}
    if spec["optimizer"] == "sgd":
        return torch.optim.SGD(parameters, momentum=spec["momentum"], nesterov=spec["nesterov"], **common)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[spec["optimizer"]]
    return kind(parameters, betas=(spec["beta1"], spec["beta2"]), eps=spec["eps"], **common)


def repeat(folder, sheet, dtype):
    """Logits and gradients of step 0, and the losses, as PyTorch has them."""
    spec = sheet["spec"]
    network = HiResNet(sheet["blocks"], sheet["hops"], sheet["classes"])
    network.load_state_dict(load_file(folder / "weights.safetensors"), strict=True)
    network.to(dtype)
    batches = load_file(folder / "batches.safetensors")
    steps = optimizer(spec, network.parameters())
    losses = []
    for step, lr in enumerate(sheet["lr"]):
        for group in steps.param_groups:
            group["lr"] = lr
        steps.zero_grad(set_to_none=True)
        logits = network(batches[f"inputs.{step}"].to(dtype))
        loss = F.cross_entropy(logits, batches[f"targets.{step}"].long())
        loss.backward()
        if step == 0:
            first = logits.detach().clone()
            gradients = {n: p.grad.clone() for n, p in network.named_parameters() if p.grad is not None}
        steps.step()
        losses.append(loss.item())
    return first, gradients, losses


def compare(folder):
    sheet = json.loads((folder / "parity.json").read_text())
    ours = load_file(folder / "step0.safetensors")
    single = repeat(folder, sheet, torch.float32)
    double = repeat(folder, sheet, torch.float64)

    def apart(logits, gradients, losses, theirs):
        """Distances of (logits, gradients by name, losses) from PyTorch's."""
        assert gradients.keys() == theirs[1].keys(), f"different parameters: {gradients.keys() ^ theirs[1].keys()}"
        floor = 1e-3 * max(g.abs().max().item() for g in theirs[1].values())
        return {
            "logits": distance(logits, theirs[0]),
            "gradients": max(distance(gradients[n], g, floor) for n, g in theirs[1].items()),
            "losses": max(abs(a - b) / abs(b) for a, b in zip(losses, theirs[2], strict=True)),
        }

    def named(prefix):
        return {n.removeprefix(prefix): t for n, t in ours.items() if n.startswith(prefix)}

    return {
        "spec": sheet["line"],
        "tensors": len(double[1]),
        "steps": len(sheet["losses"]),
        "double": apart(ours["double.logits"], named("double.grad."), sheet["losses_double"], double),
        "single": apart(ours["logits"], named("grad."), sheet["losses"], single),
        "torch_single_to_double": apart(*single, double),
    }


def beyond(row):
    """What of a comparison passes its limit."""
    double, single, torchs = row["double"], row["single"], row["torch_single_to_double"]
    limits = [("double " + k, double[k], v) for k, v in LIMITS.items()]
    limits += [("single logits", single["logits"], LIMITS["logits"])]
    limits += [("single " + k, single[k], max(LIMITS[k], 10 * torchs[k])) for k in ("gradients", "losses")]
    return [f"{what} {found:.1e} > {limit:.1e}" for what, found, limit in limits if not found <= limit]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("folders", nargs="+", type=pathlib.Path)
    arguments.add_argument("--json", action="store_true")
    arguments = arguments.parse_args()
    rows = [compare(folder) for folder in arguments.folders]
    if arguments.json:
        print(json.dumps(rows, indent=2))
    else:
        print(f"{'':40} | {'double precision':^29} | {'single precision':^29} | PyTorch single to double")
        names = " ".join(f"{n:>9}" for n in LIMITS)
        print(f"{'spec':40} | {names} | {names} | {names}")
        for row in rows:
            cells = [" ".join(f"{row[c][n]:9.1e}" for n in LIMITS) for c in ("double", "single", "torch_single_to_double")]
            print(f"{row['spec']:40} | " + " | ".join(cells))
    faults = [f"{row['spec']}: {fault}" for row in rows for fault in beyond(row)]
    for fault in faults:
        print("beyond its limit: " + fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
