"""Chooses, for every operation that cubecl tuned, one kernel by rule; see README.md beside this file.

    python choose.py CACHE/kernels/VERSION/DEVICE > cuda.json
"""

import json
import pathlib
import sys


def wanted(file, key):
    """Names of kernels, the best first."""
    if "conv_transpose2d" in file:
        return ["conv_transpose2d_direct"]
    if "conv" in file:
        return ["simple_sync_cmma", "conv_direct", "wgrad_fallback"]
    if "fusion-optim-matmul" in file:
        return ["fused_simple_unit"]
    if "matmul" in file:
        return ["matmul_simple_cyclic_cmma", "matmul_simple_unit_max_tile_size", "matmul_naive"]
    key = key.get("reduce_key", key)
    values, sums = key["vector_size"], key["vector_count"]
    if values >= 1024 and sums <= 512:
        order = ["cube", "plane", "unit"]
    elif values >= 64:
        order = ["plane", "unit", "cube"]
    else:
        order = ["unit", "plane", "cube"]
    return [name for by in order for name in (f"{by}_vectorized_parallel_reduce", by, f"fused_{by}")]


def choose(path):
    """The lines of one of cubecl's files, each with the kernel that the rule takes."""
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        worked = [result["outcome"]["Ok"] for result in entry["value"]["results"] if "Ok" in result["outcome"]]
        names = wanted(path.name, entry["key"]["key"])
        worked.sort(key=lambda kernel: names.index(kernel["name"]) if kernel["name"] in names else len(names))
        if worked:
            yield {"key": entry["key"], "value": {"fastest_index": worked[0]["index"], "results": []}}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    files = sorted(pathlib.Path(sys.argv[1]).glob("autotune/*/*/*.json.log"))
    if not files:
        sys.exit(f"{sys.argv[1]}: no results of tuning in there")
    chosen = {path.name: list(choose(path)) for path in files}
    print("{")
    for number, (name, entries) in enumerate(chosen.items()):
        lines = ",\n  ".join(json.dumps(entry, separators=(",", ":")) for entry in entries)
        print(f'"{name}": [\n  {lines}\n]' + ("," if number + 1 < len(chosen) else ""))
    print("}")


main()
