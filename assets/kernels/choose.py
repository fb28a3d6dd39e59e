"""Chooses, for every operation that cubecl tuned, one kernel by rule; see README.md beside this file.

    python choose.py CACHE/kernels/VERSION/DEVICE > cuda.json
    python choose.py CACHE/kernels/VERSION/DEVICE --units > software.json

With --units every sum is one thread's, for software renderers.
"""

import json
import pathlib
import sys


def wanted(file, key, units):
    """Names of kernels, the best first."""
    if "conv_transpose2d" in file:
        # The direct one is all zeros where the kernel is smaller than the stride (burn 0.21).
        return ["conv_transpose2d_col2im"]
    if "conv" in file:
        return ["simple_sync_cmma", "conv_direct", "wgrad_fallback"]
    if "fusion-optim-matmul" in file:
        return ["fused_simple_unit"]
    if "fusion-optim-reduce" in file:
        return ["fused_reduce_fallback"]
    if "matmul" in file:
        return ["matmul_simple_cyclic_cmma", "matmul_simple_unit_max_tile_size", "matmul_naive"]
    values, sums = key["vector_size"], key["vector_count"]
    if units:
        order = ["unit"]
    elif values >= 1024 and sums <= 512:
        order = ["cube", "plane", "unit"]
    elif values >= 64:
        order = ["plane", "unit", "cube"]
    else:
        order = ["unit", "plane", "cube"]
    return [name for by in order for name in (f"{by}_vectorized_parallel_reduce", by)]


def choose(path, units):
    """The lines of one of cubecl's files, each with the kernel that the rule takes."""
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        worked = [result["outcome"]["Ok"] for result in entry["value"]["results"] if "Ok" in result["outcome"]]
        names = wanted(path.name, entry["key"]["key"], units)
        worked.sort(key=lambda kernel: names.index(kernel["name"]) if kernel["name"] in names else len(names))
        if worked:
            yield {"key": entry["key"], "value": {"fastest_index": worked[0]["index"], "results": []}}


def main():
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], ["--units"]):
        sys.exit(__doc__)
    files = sorted(pathlib.Path(sys.argv[1]).glob("autotune/*/*/*.json.log"))
    if not files:
        sys.exit(f"{sys.argv[1]}: no results of tuning in there")
    chosen = {path.name: list(choose(path, sys.argv[2:] == ["--units"])) for path in files}
    print("{")
    for number, (name, entries) in enumerate(chosen.items()):
        lines = ",\n  ".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
        print(f'"{name}": [\n  {lines}\n]' + ("," if number + 1 < len(chosen) else ""))
    print("}")


main()
