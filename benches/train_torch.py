"""Trains the paper's networks in PyTorch with this project's recipe, to compare accuracies.

    python benches/train_torch.py --family resnet --hops all --epochs 10 --seeds 0,1,2
    python benches/train_torch.py --hops none --dataset /usr/share/datasets/fashion-mnist --json
    python benches/train_torch.py --epochs 1 --train-limit 200 --val-limit 100 --test-limit 100

Needs torch and numpy. Data is the embedded subset of Fashion-MNIST, or the four IDX files
(gzipped or not) in the folder given with --dataset. The recipe is that of
`hiresnet-tui --batch SPEC`: 10% of each class held out for validation; pixels normalised by
the mean and standard deviation of the train split, padded from 28x28 to 32x32 with black and
repeated over three channels; Adam, learning rate 0.01 halved every 20 epochs; cross-entropy;
batches of 100 in a new order each epoch, the last one smaller where they do not divide; no
augmentation. --train-limit, --val-limit and --test-limit are that program's train_limit, val_limit
and test_limit: at most so many images, balanced over classes. Split, order and weights come from the seed, but not from this project's
generators: a seed here is another run than the same seed there.

Prints one line an epoch: train loss (each batch scored before its step), validation loss and
top-1. Then the test top-1 of the epoch with the best validation top-1 (the first of equals)
and of the last epoch; over all seeds mean(std), std being the sample's (n - 1), and the median
time of an epoch, validation included. With --json one JSON object goes to stdout, and the
lines to stderr.
"""
import argparse
import gzip
import itertools
import json
import math
import pathlib
import statistics
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

from peer import FAMILIES, GROUPS, name, network

EMBEDDED = pathlib.Path(__file__).resolve().parents[1] / "assets" / "fashion-mnist"
SIZE, CLASSES, BATCH = 32, 10, 100
LEARNING_RATE, HALVE_EVERY, HELD_OUT = 0.01, 20, 0.1


def idx(folder, file):
    """The array in an IDX file of bytes, gzipped or not."""
    plain, packed = folder / file, folder / f"{file}.gz"
    data = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    dimensions = data[3]
    shape = np.frombuffer(data, ">u4", dimensions, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * dimensions).reshape(shape)


def balanced(members, limit):
    """At most `limit` indices (0 for all), the first of each class in turn; ascending."""
    in_turn = [index for turn in itertools.zip_longest(*members) for index in turn if index is not None]
    return np.sort(np.array(in_turn[: limit or None]))


def split(labels, generator, train_limit, val_limit):
    """Indices of the train and the validation split, the same share of every class."""
    train, validation = [], []
    for label in range(CLASSES):
        members = generator.permutation(np.flatnonzero(labels == label))
        held_out = round(len(members) * HELD_OUT)
        validation.append(members[:held_out])
        train.append(members[held_out:])
    return balanced(train, train_limit), balanced(validation, val_limit)


class Images:
    """Normalised and padded images with their labels, in batches for the network."""

    def __init__(self, pixels, labels, mean, std):
        grey = (torch.from_numpy(pixels.astype(np.float64)) / 255 - mean) / std
        border = (SIZE - pixels.shape[-1]) // 2
        self.grey = F.pad(grey, [border] * 4, value=-mean / std).float().unsqueeze(1)
        self.labels = torch.from_numpy(labels.astype(np.int64))

    def batches(self, order=None):
        order = torch.arange(len(self.labels)) if order is None else order
        for chunk in order.split(BATCH):
            images = self.grey[chunk].expand(-1, 3, -1, -1)
            yield images.contiguous(memory_format=torch.channels_last), self.labels[chunk]


@torch.inference_mode()
def score(net, images):
    """Mean loss and top-1 in percent."""
    net.eval()
    loss, hits = 0.0, 0
    for inputs, labels in images.batches():
        logits = net(inputs)
        loss += F.cross_entropy(logits, labels, reduction="sum").item()
        hits += (logits.argmax(1) == labels).sum().item()
    return loss / len(images.labels), 100 * hits / len(images.labels)


def train_epoch(net, adam, images, order):
    """One pass over the train split; the mean of the batches' losses before their steps."""
    net.train()
    total = 0.0
    for inputs, labels in images.batches(order):
        adam.zero_grad(set_to_none=True)
        loss = F.cross_entropy(net(inputs), labels)
        loss.backward()
        adam.step()
        if not math.isfinite(loss.item()):
            sys.exit(f"the loss became {loss.item()}")
        total += loss.item() * len(labels)
    return total / len(order)


def run(seed, options, data, out):
    """Trains one network from scratch."""
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    (pixels, labels), test = data
    train, validation = split(labels, generator, options.train_limit, options.val_limit)
    mean, std = float((pixels[train] / 255).mean()), float((pixels[train] / 255).std())
    train, validation = (Images(pixels[part], labels[part], mean, std) for part in (train, validation))
    scored = balanced([np.flatnonzero(test[1] == label) for label in range(CLASSES)], options.test_limit)
    test = Images(test[0][scored], test[1][scored], mean, std)

    net = network(options.family, options.hops).to(memory_format=torch.channels_last)
    adam = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE)
    epochs, best, best_weights = [], None, None
    for epoch in range(1, options.epochs + 1):
        for group in adam.param_groups:
            group["lr"] = LEARNING_RATE * 0.5 ** ((epoch - 1) // HALVE_EVERY)
        start = time.perf_counter()
        loss = train_epoch(net, adam, train, torch.from_numpy(generator.permutation(len(train.labels))))
        trained = time.perf_counter()
        validation_loss, top1 = score(net, validation)
        epochs.append({
            "epoch": epoch,
            "train_loss": loss,
            "val_loss": validation_loss,
            "val_top1": top1,
            "train_seconds": trained - start,
            "seconds": time.perf_counter() - start,
        })
        if best is None or top1 > best["val_top1"]:
            best = epochs[-1]
            best_weights = {key: value.clone() for key, value in net.state_dict().items()}
        print(
            f"  epoch {epoch}/{options.epochs}  train {loss:.4f}  val {validation_loss:.4f} {top1:.2f}%"
            f"{' best' if best is epochs[-1] else '     '}  {epochs[-1]['seconds']:.1f} s",
            file=out, flush=True,
        )
    last_top1 = score(net, test)[1]
    net.load_state_dict(best_weights)
    best_top1 = score(net, test)[1]
    print(
        f"  test top-1: best weights (epoch {best['epoch']}) {best_top1:.2f}%, last {last_top1:.2f}%",
        file=out, flush=True,
    )
    return {
        "seed": seed,
        "images": {"train": len(train.labels), "val": len(validation.labels), "test": len(test.labels)},
        "mean": mean,
        "std": std,
        "epochs": epochs,
        "best_epoch": best["epoch"],
        "val_top1": best["val_top1"],
        "test_top1_best": best_top1,
        "test_top1_last": last_top1,
    }


def over_seeds(runs, key):
    """Mean and sample standard deviation; no deviation of one run."""
    values = [run[key] for run in runs]
    return {"mean": statistics.mean(values), "std": statistics.stdev(values) if len(values) > 1 else None}


def shown(moments):
    std = "" if moments["std"] is None else f"({moments['std']:.2f})"
    return f"{moments['mean']:.2f}{std}"


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--family", default="resnet", choices=FAMILIES)
    arguments.add_argument("--hops", default="all", choices=GROUPS)
    arguments.add_argument("--epochs", type=int, default=10)
    arguments.add_argument("--seeds", default="0", help="numbers with commas between them")
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--dataset", type=pathlib.Path, default=EMBEDDED, help="folder of the IDX files")
    for part in ("train", "val", "test"):
        arguments.add_argument(f"--{part}-limit", type=int, default=0, metavar="N", help=f"at most N {part} images (0: all)")
    arguments.add_argument("--json", action="store_true")
    options = arguments.parse_args()
    try:
        seeds = [int(seed) for seed in options.seeds.split(",")]
    except ValueError:
        arguments.error("--seeds takes numbers with commas between them, like 0,1,2")
    if min(options.epochs, options.threads) < 1:
        arguments.error("--epochs and --threads must be at least 1")
    if min(options.train_limit, options.val_limit, options.test_limit) < 0:
        arguments.error("--train-limit, --val-limit and --test-limit must be at least 0")
    torch.set_num_threads(options.threads)
    out = sys.stderr if options.json else sys.stdout
    try:
        data = [
            [idx(options.dataset, f"{part}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1")]
            for part in ("train", "t10k")
        ]
    except OSError as error:
        arguments.error(f"no Fashion-MNIST in {options.dataset}: {error}")

    parameters = sum(p.numel() for p in network(options.family, options.hops).parameters())
    spec = name(options.family, options.hops)
    print(f"{spec}: {parameters:,} parameters, torch {torch.__version__}, {options.threads} threads", file=out)
    runs = []
    for seed in seeds:
        print(f"seed {seed}", file=out, flush=True)
        runs.append(run(seed, options, data, out))
    summary = {key: over_seeds(runs, key) for key in ("val_top1", "test_top1_best", "test_top1_last")}
    summary["epoch_seconds"] = statistics.median(e["seconds"] for r in runs for e in r["epochs"])
    print(
        f"{spec}, {len(runs)} seeds: val {shown(summary['val_top1'])}  "
        f"test {shown(summary['test_top1_best'])}  test, last {shown(summary['test_top1_last'])}  "
        f"{summary['epoch_seconds']:.1f} s an epoch",
        file=out,
    )
    if options.json:
        print(json.dumps({
            "network": spec,
            "parameters": parameters,
            "torch": torch.__version__,
            "threads": options.threads,
            "dataset": "fashion-embedded" if options.dataset == EMBEDDED else str(options.dataset),
            "runs": runs,
            "summary": summary,
        }, indent=2))


if __name__ == "__main__":
    main()
