"""What independent readers make of the datasets that make.py wrote.

    python3 tests/datasets/read.py FOLDER

Writes FOLDER/expected/NAME.{train,test}: the number of images and their size as 32-bit
numbers, labels as 16-bit numbers, pixels as [image, channel, height, width], all
little-endian. CIFAR is read as its home page says, images by Pillow.
"""

import gzip
import pathlib
import pickle
import sys
import tarfile
import zipfile

import numpy as np
from PIL import Image


def write(folder, name, split, labels, pixels):
    pixels = np.asarray(pixels, np.uint8)
    head = np.array([len(pixels), pixels.shape[-1]], "<u4").tobytes()
    labels = np.asarray(labels, "<u2").tobytes()
    (folder / f"{name}.{split}").write_bytes(head + labels + pixels.tobytes())


def unpickle(file):
    return pickle.load(file, encoding="bytes")


def cifar_python(folder, out, classes):
    with tarfile.open(folder / "python" / f"cifar-{classes}-python.tar.gz") as tar:
        within = "cifar-10-batches-py" if classes == 10 else "cifar-100-python"
        batches = [f"data_batch_{i}" for i in range(1, 6)] if classes == 10 else ["train"]
        test = ["test_batch" if classes == 10 else "test"]
        for split, names in [("train", batches), ("test", test)]:
            parts = [unpickle(tar.extractfile(f"{within}/{name}")) for name in names]
            key = b"labels" if classes == 10 else b"fine_labels"
            labels = [label for part in parts for label in part[key]]
            pixels = np.concatenate([part[b"data"] for part in parts]).reshape(-1, 3, 32, 32)
            write(out, f"cifar{classes}-python", split, labels, pixels)


def cifar_binary(folder, out, classes):
    with tarfile.open(folder / "binary" / f"cifar-{classes}-binary.tar.gz") as tar:
        within = "cifar-10-batches-bin" if classes == 10 else "cifar-100-binary"
        batches = [f"data_batch_{i}.bin" for i in range(1, 6)] if classes == 10 else ["train.bin"]
        test = ["test_batch.bin" if classes == 10 else "test.bin"]
        heads = 1 if classes == 10 else 2
        for split, names in [("train", batches), ("test", test)]:
            content = b"".join(tar.extractfile(f"{within}/{name}").read() for name in names)
            records = np.frombuffer(content, np.uint8).reshape(-1, heads + 3072)
            pixels = records[:, heads:].reshape(-1, 3, 32, 32)
            write(out, f"cifar{classes}-binary", split, records[:, heads - 1], pixels)


def planes(image):
    return np.asarray(image.convert("RGB")).transpose(2, 0, 1)


def tiny(folder, out):
    with zipfile.ZipFile(folder / "tiny-imagenet-200.zip") as archive:
        root = "tiny-imagenet-200"
        read = lambda name: planes(Image.open(archive.open(f"{root}/{name}")))
        wnids = sorted(archive.read(f"{root}/wnids.txt").decode().split())
        labels, pixels = [], []
        for label, id in enumerate(wnids):
            prefix = f"{root}/train/{id}/images/"
            for name in sorted(name for name in archive.namelist() if name.startswith(prefix)):
                labels.append(label)
                pixels.append(read(name.removeprefix(root + "/")))
        write(out, "tiny-imagenet", "train", labels, pixels)
        lines = archive.read(f"{root}/val/val_annotations.txt").decode().splitlines()
        fields = [line.split("\t") for line in lines]
        labels = [wnids.index(field[1]) for field in fields]
        write(out, "tiny-imagenet", "test", labels, [read(f"val/images/{field[0]}") for field in fields])


def digits(folder, out):
    for split, name in [("train", "train"), ("test", "t10k")]:
        with gzip.open(folder / "mnist" / f"{name}-images-idx3-ubyte.gz") as file:
            pixels = np.frombuffer(file.read()[16:], np.uint8).reshape(-1, 1, 28, 28)
        labels = list((folder / "mnist" / f"{name}-labels-idx1-ubyte").read_bytes()[8:])
        write(out, "mnist", split, labels, pixels)


def pictures(folder, out, size=32):
    for split, name in [("train", "train"), ("test", "val")]:
        labels, pixels = [], []
        for label, target in enumerate(sorted((folder / "things" / name).iterdir())):
            for path in sorted(path for path in target.iterdir() if path.suffix in (".png", ".jpg")):
                image = Image.open(path).convert("RGB")
                shorter = min(image.size)
                image = image.resize([round(side * size / shorter) for side in image.size], Image.BILINEAR)
                left, top = ((side - size) // 2 for side in image.size)
                labels.append(label)
                pixels.append(planes(image.crop((left, top, left + size, top + size))))
        write(out, "folder", split, labels, pixels)


def main():
    folder = pathlib.Path(sys.argv[1])
    out = folder / "expected"
    out.mkdir(exist_ok=True)
    for classes in (10, 100):
        cifar_python(folder, out, classes)
        cifar_binary(folder, out, classes)
    tiny(folder, out)
    digits(folder, out)
    pictures(folder, out)


main()
