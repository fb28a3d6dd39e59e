"""Does what a trained network loses without a hop predict what training without it costs?

    hiresnet-tui --batch ablations --out ablations
    for run in ablations/resnet-hires-fashion-s*; do
        hiresnet-tui lesion $run --json > lesion-$(basename $run).json
    done
    hiresnet-tui runs ablations --json > ablations.json
    python3 lesions.py ablations.json lesion-*.json > lesions.md
"""

import itertools
import json
import statistics
import sys

ALL = ["0-1", "0-2", "0-3", "1-2", "1-3", "2-3"]
GROUPS = {"All": ALL, "P1": ["0-1", "1-2", "2-3"], "P2": ["0-2", "1-3"], "P3": ["0-3"]}


def hops(spec):
    return {hop for group in spec.get("hops", []) for hop in GROUPS.get(group, [group])}


def spread(values):
    return f"{statistics.mean(values):+.2f}({statistics.stdev(values):.2f})"


runs = json.load(open(sys.argv[1]))
top1 = {(frozenset(hops(run["spec"])), run["spec"]["seed"]): run["val_top1"] for run in runs}
seeds = sorted({seed for _, seed in top1})
lost = {hop: [] for hop in ALL}
for path in sorted(sys.argv[2:]):
    for lesion in json.load(open(path))["lesions"]:
        if lesion["without"][0] in lost:
            lost[lesion["without"][0]].append(lesion["top1_lost"])
cost = {
    hop: [top1[frozenset(ALL), seed] - top1[frozenset(ALL) - {hop}, seed] for seed in seeds] for hop in ALL
}

print(f"| hop | lost without it, trained with it | lost by training without it |\n|---|---:|---:|")
for hop in sorted(ALL, key=lambda hop: -statistics.mean(lost[hop])):
    print(f"| {hop} | {spread(lost[hop])} | {spread(cost[hop])} |")
means = [[statistics.mean(values[hop]) for hop in ALL] for values in (lost, cost)]
r = statistics.correlation(*means)
ranks = [[float(sorted(row).index(value)) for value in row] for row in means]
rho = statistics.correlation(*ranks)
orders = [statistics.correlation(ranks[0], list(order)) for order in itertools.permutations(ranks[1])]
p = sum(abs(other) >= abs(rho) - 1e-12 for other in orders) / len(orders)
print(f"\nPoints of validation top-1, mean(std) over {len(seeds)} seeds; positive is a loss. Over the six hops", end=" ")
print(f"Pearson's r is {r:+.2f}, Spearman's ρ {rho:+.2f} (p = {p:.3f}, of all {len(orders)} orders).")
