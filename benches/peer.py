"""The paper's networks in PyTorch, by name, for scripts: `network("resnet", "all")`.

The layers are those of assets/pytorch/hiresnet.py, which every exported run comes with. No other
script knows where that file is: they import HiResNet from here.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "assets" / "pytorch"))
from hiresnet import HiResNet  # noqa: E402  (found through the line above)

WIDTHS, DEPTHS, CARDINALITY = (16, 32, 64), (2, 3, 3), 4
FAMILIES = ("plain", "resnet", "resnext")
# Hops (source level, target level) of each group, as in README.md.
GROUPS = {
    "all": [(s, d) for d in (1, 2, 3) for s in range(d)],
    "in": [(0, 1), (0, 2), (0, 3)],
    "out": [(0, 3), (1, 3), (2, 3)],
    "p1": [(0, 1), (1, 2), (2, 3)],
    "p2": [(0, 2), (1, 3)],
    "p3": [(0, 3)],
    "none": [],
}


def network(family, hops, classes=10):
    """The network of `family` with the hops of the group `hops`, freshly initialised."""
    blocks, width = [], WIDTHS[0]
    for b, (output, depth) in enumerate(zip(WIDTHS, DEPTHS)):
        blocks.append([])
        for i in range(depth):
            blocks[-1].append({
                "input": width,
                "hidden": output,
                "output": output,
                "stride": 2 if b > 0 and i == 0 else 1,
                "groups": CARDINALITY if family == "resnext" else 1,
                "skip": family != "plain",
            })
            width = output
    return HiResNet(blocks, GROUPS[hops], classes)


def name(family, hops):
    """What this project's specs call it."""
    suffix = {"none": "", "all": "+hires"}.get(hops, f"+hires[{hops.capitalize()}]")
    return family + suffix
