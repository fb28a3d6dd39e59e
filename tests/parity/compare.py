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

The optimizer, the schedule, clipping, smoothed labels and the moving average are PyTorch's own.
Learning rates must agree to 1e-12, and the weights after the last step, and their average, to
1e-3 in double precision. Of augmented images, what was drawn for each is given; what
torchvision's operations (where it is installed) make of that must be what the network saw.

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
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

try:
    import torchvision.transforms.v2.functional as TV
except ImportError:
    # The same operations by hand.
    TV = None

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "benches"))
from peer import HiResNet  # noqa: E402

LIMITS = {"logits": 1e-4, "gradients": 1e-4, "losses": 1e-3, "images": 1e-5, "weights": 1e-3}


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


def schedule(spec, steps, per_epoch):
    """What the spec calls its schedule, in PyTorch; it is stepped once a step."""
    total = spec["epochs"] * per_epoch
    if spec["schedule"] == "onecycle":
        return lr_scheduler.OneCycleLR(steps, spec["lr"], total_steps=total, cycle_momentum=False)
    warmup = round(spec["warmup"] * per_epoch)
    if spec["schedule"] == "cosine":
        main = lr_scheduler.CosineAnnealingLR(steps, total - warmup)
    elif spec["schedule"] == "halve" and spec["lr_halve_every"]:
        main = lr_scheduler.StepLR(steps, spec["lr_halve_every"] * per_epoch, gamma=0.5)
    else:
        main = lr_scheduler.ConstantLR(steps, factor=1.0)
    if not warmup:
        return main
    rising = lr_scheduler.LinearLR(steps, total_iters=warmup)
    return lr_scheduler.SequentialLR(steps, [rising, main], milestones=[warmup])


def augmented(plain, draws, black, share):
    """What torchvision's operations make of images, given what was drawn for each."""
    size, images = plain.shape[-1], []
    for image, draw in zip(plain, draws, strict=True):
        (down, right), margin = draw["shift"], max(abs(by) for by in draw["shift"])
        # One colour a channel is more than torchvision's pad takes.
        image = torch.cat([F.pad(c[None], [margin] * 4, value=v) for c, v in zip(image, black, strict=True)])
        image = crop(image, margin - down, margin - right, size)
        image = image.flip(-1) if draw["mirrored"] else image
        if draw["cut"]:
            (top, bottom), (left, end) = draw["cut"]
            image = erase(image, top, left, bottom - top, end - left)
        images.append(image)
    images = torch.stack(images)
    # As torchvision.transforms.v2.MixUp does with a share.
    return images if share is None else images.roll(1, 0).mul_(share).add_(images.mul(1 - share))


def crop(image, top, left, size):
    return TV.crop(image, top, left, size, size) if TV else image[:, top : top + size, left : left + size]


def erase(image, top, left, height, width):
    if TV:
        return TV.erase(image, top, left, height, width, torch.zeros(()))
    image = image.clone()
    image[:, top : top + height, left : left + width] = 0
    return image


def repeat(folder, sheet, dtype):
    """Logits and gradients of step 0, the losses, and the last weights, as PyTorch has them."""
    spec = sheet["spec"]
    network = HiResNet(sheet["blocks"], sheet["hops"], sheet["classes"])
    network.load_state_dict(load_file(folder / "weights.safetensors"), strict=True)
    network.to(dtype)
    batches = load_file(folder / "batches.safetensors")
    steps = optimizer(spec, network.parameters())
    rates = schedule(spec, steps, sheet["steps_per_epoch"])
    average = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(spec["ema"]), use_buffers=True)
    losses = []
    for step, lr in enumerate(sheet["lr"]):
        theirs = steps.param_groups[0]["lr"]
        assert abs(lr - theirs) <= 1e-12 * spec["lr"], f"learning rate {lr} of step {step}, PyTorch has {theirs}"
        steps.zero_grad(set_to_none=True)
        logits = network(batches[f"inputs.{step}"].to(dtype))
        targets, share = batches[f"targets.{step}"].long(), sheet["mixed"][step]
        if share is not None:
            own, other = (F.one_hot(t, sheet["classes"]).to(dtype) for t in (targets, batches[f"mixed.{step}"].long()))
            targets = (1 - share) * own + share * other
        loss = F.cross_entropy(logits, targets, label_smoothing=spec["label_smoothing"])
        loss.backward()
        if step == 0:
            first = logits.detach().clone()
            gradients = {n: p.grad.clone() for n, p in network.named_parameters() if p.grad is not None}
        if spec["grad_clip"]:
            torch.nn.utils.clip_grad_norm_(network.parameters(), spec["grad_clip"])
        steps.step()
        average.update_parameters(network)
        rates.step()
        losses.append(loss.item())
    last = {f"double.{n}": t for n, t in network.state_dict().items()}
    if spec["ema"]:
        last |= {f"ema.{n}": t for n, t in average.module.state_dict().items()}
    return first, gradients, losses, {n: t for n, t in last.items() if not n.endswith("num_batches_tracked")}


def compare(folder):
    sheet = json.loads((folder / "parity.json").read_text())
    ours = load_file(folder / "step0.safetensors")
    single = repeat(folder, sheet, torch.float32)
    double = repeat(folder, sheet, torch.float64)
    end = load_file(folder / "end.safetensors")
    assert end.keys() == double[3].keys(), f"different weights: {end.keys() ^ double[3].keys()}"
    batches, images = load_file(folder / "batches.safetensors"), 0.0
    for step, draws in enumerate(sheet["draws"]):
        theirs = augmented(batches[f"plain.{step}"], draws, sheet["black"], sheet["mixed"][step])
        images = max(images, distance(batches[f"inputs.{step}"], theirs))

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
        "images": images,
        "weights": max(distance(end[n], t, 1e-3) for n, t in double[3].items()),
        "double": apart(ours["double.logits"], named("double.grad."), sheet["losses_double"], double),
        "single": apart(ours["logits"], named("grad."), sheet["losses"], single),
        "torch_single_to_double": apart(*single[:3], double),
    }


def beyond(row):
    """What of a comparison passes its limit."""
    double, single, torchs = row["double"], row["single"], row["torch_single_to_double"]
    limits = [(k, row[k], LIMITS[k]) for k in ("images", "weights")]
    limits += [("double " + k, double[k], v) for k, v in LIMITS.items() if k in double]
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
        print(f"{'':40} | {'double precision':^39} | {'single precision':^29} | PyTorch single to double")
        steps = ("logits", "gradients", "losses")
        names = " ".join(f"{n:>9}" for n in steps)
        print(f"{'spec':40} | {names}   weights | {names} | {names}")
        for row in rows:
            cells = [" ".join(f"{row[c][n]:9.1e}" for n in steps) for c in ("double", "single", "torch_single_to_double")]
            cells[0] += f" {row['weights']:9.1e}"
            print(f"{row['spec']:40} | " + " | ".join(cells))
    faults = [f"{row['spec']}: {fault}" for row in rows for fault in beyond(row)]
    for fault in faults:
        print("beyond its limit: " + fault, file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
