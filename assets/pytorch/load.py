"""Rebuilds the network of this folder, loads its weights strictly, and runs it.

    pip install torch numpy safetensors
    python load.py                          # one forward pass
    python load.py images.npy labels.npy    # top-1: uint8 [image, channel, height, width], and classes
"""
import json
import pathlib
import sys

try:
    import numpy as np
    import torch
    import torch.nn.functional as F
    from safetensors.torch import load_file
except ImportError as missing:
    sys.exit(f"{missing}: pip install torch numpy safetensors")

from hiresnet import HiResNet

here = pathlib.Path(__file__).parent
sheet = json.loads((here / "spec.json").read_text())
weights, size = sheet["weights"][0], sheet["image_size"]
network = HiResNet(**sheet["network"]).eval()
network.load_state_dict(load_file(here / weights["file"]), strict=True)

with torch.no_grad():
    if len(sys.argv) < 3:
        print("logits", *network(torch.zeros(1, 3, size, size)).shape)
        sys.exit()
    if sheet["normalisation"] is None:
        sys.exit("spec.json has no mean and deviation: export again where the dataset is, or with --data-dir")
    images = torch.from_numpy(np.load(sys.argv[1])).float() / 255
    labels = torch.from_numpy(np.load(sys.argv[2])).long()
    # Black borders up to the size, then what the train split's pixels say, then three channels.
    before = (size - images.shape[-1]) // 2
    after = size - images.shape[-1] - before
    mean, std = (torch.tensor(sheet["normalisation"][key]).view(1, -1, 1, 1) for key in ("mean", "std"))
    images = (F.pad(images, (before, after, before, after)) - mean) / torch.where(std > 0, std, 1)
    batches = zip(images.expand(-1, 3, -1, -1).split(500), labels.split(500))
    hits = sum((network(batch).argmax(1) == classes).sum().item() for batch, classes in batches)
    print(f"top-1 {100 * hits / len(labels):.2f}% of {len(labels)}; recorded on the test split: {weights['test_top1']:.2f}%"
          if weights["test_top1"] is not None else f"top-1 {100 * hits / len(labels):.2f}%")
