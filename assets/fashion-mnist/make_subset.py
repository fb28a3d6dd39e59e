"""Makes the embedded subset: the first 1,000 training and 200 test images of each class,
in the order of the original files. Standard library only.

    python3 make_subset.py /usr/share/datasets/fashion-mnist .
"""
import gzip
import pathlib
import struct
import sys

source, target = map(pathlib.Path, sys.argv[1:3])


def read(name):
    return gzip.decompress((source / f"{name}.gz").read_bytes())


def write(name, data):
    # mtime 0 and no name: the same bytes whenever it is made.
    (target / f"{name}.gz").write_bytes(gzip.compress(data, 9, mtime=0))


for part, each in (("train", 1000), ("t10k", 200)):
    images, labels = read(f"{part}-images-idx3-ubyte"), read(f"{part}-labels-idx1-ubyte")
    _, count, rows, columns = struct.unpack(">4I", images[:16])
    taken, size, kept = [0] * 10, rows * columns, []
    for i in range(count):
        label = labels[8 + i]
        if taken[label] < each:
            taken[label] += 1
            kept.append(i)
    assert taken == [each] * 10
    header = struct.pack(">4I", 0x803, len(kept), rows, columns)
    write(f"{part}-images-idx3-ubyte", header + b"".join(images[16 + i * size : 16 + (i + 1) * size] for i in kept))
    write(f"{part}-labels-idx1-ubyte", struct.pack(">2I", 0x801, len(kept)) + bytes(labels[8 + i] for i in kept))
