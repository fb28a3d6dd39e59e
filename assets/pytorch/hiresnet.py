"""Hierarchical Residual Networks in PyTorch, as `hiresnet-tui` trains them.

`HiResNet(**spec["network"])` is the network of a `spec.json` of `hiresnet-tui export`.
State-dict names and shapes are those of the run folders' safetensors files, so
`load_state_dict(load_file("runs/…/best.safetensors"), strict=True)` works.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F


class ConvBn(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.bn(self.conv(x))


class BasicBlock(nn.Module):
    def __init__(self, input, hidden, output, stride, groups, skip):
        super().__init__()
        self.conv1 = nn.Conv2d(input, hidden, 3, stride, 1, groups=groups, bias=False)
        self.bn1 = nn.BatchNorm2d(hidden)
        self.conv2 = nn.Conv2d(hidden, output, 3, 1, 1, groups=groups, bias=False)
        self.bn2 = nn.BatchNorm2d(output)
        self.skip = skip
        if skip and (stride != 1 or input != output):
            self.shortcut = ConvBn(input, output, 1, stride)

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if self.skip:
            y = y + (self.shortcut(x) if hasattr(self, "shortcut") else x)
        return torch.relu(y)


class HiResNet(nn.Module):
    """`blocks`: for each block its basic blocks' arguments; `hops`: (source, target) levels."""

    def __init__(self, blocks, hops, classes):
        super().__init__()
        widths = [blocks[0][0]["input"]] + [block[-1]["output"] for block in blocks]
        self.stem = ConvBn(3, widths[0], 3)
        self.blocks = nn.ModuleList(nn.Sequential(*(BasicBlock(**b) for b in block)) for block in blocks)
        self.hops = sorted(map(tuple, hops), key=lambda hop: (hop[1], hop[0]))
        if self.hops:
            self.tap = nn.BatchNorm2d(widths[0])
        self.projections = nn.ModuleDict(
            {f"{s}_{d}": ConvBn(widths[s], widths[d], 1) for s, d in self.hops if (s, d) != (0, 1)}
        )
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, x):
        levels = [torch.relu(self.stem(x))]
        tapped = self.tap(levels[0]) if any(s == 0 for s, _ in self.hops) else None
        for d, block in enumerate(self.blocks, start=1):
            y = block(levels[-1])
            for s, t in self.hops:
                if t == d:
                    term = tapped if s == 0 else levels[s]
                    if (ratio := term.shape[-1] // y.shape[-1]) > 1:
                        term = F.avg_pool2d(term, ratio)
                    y = y + (self.projections[f"{s}_{t}"](term) if (s, t) != (0, 1) else term)
            levels.append(y)
        return self.head(levels[-1].mean((2, 3)))
