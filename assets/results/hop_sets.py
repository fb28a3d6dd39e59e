"""Which hops matter? All 64 sets of hops, ranked, and what each hop adds on average.

    hiresnet-tui --batch hop-sets --set train_limit=3000 --out hop-sets
    hiresnet-tui runs hop-sets --json > hop-sets.json
    python3 hop_sets.py hop-sets.json > hop-sets.md

The 64 runs are a full factorial design: for each hop there are 32 pairs of networks that differ
in this hop alone, with the same seed, split, order and initial weights.
"""

import json
import statistics
import sys

ALL = ["0-1", "0-2", "0-3", "1-2", "1-3", "2-3"]
GROUPS = {
    "All": ALL,
    "In": ["0-1", "0-2", "0-3"],
    "Out": ["0-3", "1-3", "2-3"],
    "P1": ["0-1", "1-2", "2-3"],
    "P2": ["0-2", "1-3"],
    "P3": ["0-3"],
}
T95 = 2.0395  # Student's t, 31 degrees of freedom


def hops(spec):
    return frozenset(hop for group in spec.get("hops", []) for hop in GROUPS.get(group, [group]))


runs = json.load(open(sys.argv[1]))
test = {hops(run["spec"]): run["test_top1"] for run in runs if run["outcome"] == "completed"}
assert len(test) == 64, f"{len(test)} of 64 sets"

print("| hop | adds, points of test top-1 | 95% interval, 32 pairs |\n|---|---:|---:|")
effects = {}
for hop in ALL:
    pairs = [test[without | {hop}] - test[without] for without in test if hop not in without]
    mean, error = statistics.mean(pairs), statistics.stdev(pairs) / len(pairs) ** 0.5
    effects[hop] = (mean, error)
for hop, (mean, error) in sorted(effects.items(), key=lambda item: -item[1][0]):
    print(f"| {hop} | {mean:+.2f} | {mean - T95 * error:+.2f} to {mean + T95 * error:+.2f} |")

print("\n| rank | hops | test top-1, % |\n|---:|---|---:|")
for rank, (names, value) in enumerate(sorted(test.items(), key=lambda item: -item[1]), 1):
    print(f"| {rank} | {' '.join(sorted(names)) or 'none: the baseline'} | {value:.2f} |")
