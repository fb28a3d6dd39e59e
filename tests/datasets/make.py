"""Small datasets in the official formats, made from recoloured Fashion-MNIST images.

    python3 tests/datasets/make.py FOLDER

Needs numpy and Pillow. Archives are as their publishers made them: the pickles as Python 2
wrote them (protocol 2, byte strings), Tiny-ImageNet's JPEGs with some in grey.
"""

import gzip
import io
import pathlib
import pickle
import struct
import sys
import tarfile
import zipfile

import numpy as np
from PIL import Image

ASSETS = pathlib.Path(__file__).parents[2] / "assets" / "fashion-mnist"
CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def fashion():
    with gzip.open(ASSETS / "t10k-images-idx3-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=16).reshape(-1, 28, 28)


class Images:
    """Fashion-MNIST's images in colours and sizes of their own."""

    def __init__(self):
        self.grey, self.drawn = fashion(), 0
        self.random = np.random.default_rng(0)

    def next(self, size):
        grey = Image.fromarray(self.grey[self.drawn % len(self.grey)]).resize((size, size), Image.BICUBIC)
        self.drawn += 1
        values = np.asarray(grey, np.float64)[:, :, None] / 255
        ground, figure = self.random.integers(0, 256, (2, 3))
        coloured = ground + (figure - ground) * values + self.random.normal(0, 6, (size, size, 3))
        return np.clip(coloured, 0, 255).astype(np.uint8)

    def planes(self, size):
        return self.next(size).transpose(2, 0, 1).reshape(-1)


class Python2Pickler(pickle._Pickler):
    """Writes bytes as Python 2 wrote its strings: opcodes U and T."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_string(self, text):
        short = len(text) < 256
        length = struct.pack("<B" if short else "<I", len(text))
        self.write((b"U" if short else b"T") + length + text)
        self.memoize(text)

    dispatch[bytes] = save_string

    def save_global_of_numpy(self, thing, name=None):
        # numpy 2 calls its own modules otherwise than those that the archives name.
        module = thing.__module__.replace("numpy._core", "numpy.core")
        self.write(b"c" + f"{module}\n{thing.__name__}\n".encode())
        self.memoize(thing)

    dispatch[type(np.ndarray)] = save_global_of_numpy
    dispatch[type((getattr(np, "_core", None) or np.core).multiarray._reconstruct)] = save_global_of_numpy


def python2(value):
    out = io.BytesIO()
    Python2Pickler(out, 2).dump(value)
    return out.getvalue()


def pack(path, files):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files:
            facts = tarfile.TarInfo(name)
            facts.size = len(content)
            tar.addfile(facts, io.BytesIO(content))


def cifar(folder, images, classes):
    """Both archives of CIFAR-10 or CIFAR-100, of the same images."""
    batches = [f"data_batch_{i}" for i in range(1, 6)] if classes == 10 else ["train"]
    each = classes * 3 // len(batches) if classes == 10 else classes * 3
    binary, python = [], []
    for place, name in enumerate([*batches, "test_batch" if classes == 10 else "test"]):
        count = each if name in batches else classes * 2
        labels = [(place * count + i) % classes for i in range(count)]
        pixels = np.stack([images.planes(32) for _ in range(count)])
        records, batch = [], {b"data": pixels}
        for label, row in zip(labels, pixels):
            heads = [label] if classes == 10 else [label // 5, label]
            records.append(bytes(heads) + row.tobytes())
        names = [b"image_%d.png" % i for i in range(count)]
        if classes == 10:
            batch |= {b"labels": labels, b"batch_label": name.encode(), b"filenames": names}
        else:
            batch |= {b"fine_labels": labels, b"coarse_labels": [c // 5 for c in labels], b"filenames": names}
        binary.append((name + ".bin", b"".join(records)))
        python.append((name, python2(batch)))
    fine = CIFAR10 if classes == 10 else [f"fine {i}" for i in range(100)]
    coarse = [f"coarse {i}" for i in range(20)]
    lines = lambda names: "".join(name + "\n" for name in names).encode()
    encode = lambda names: [name.encode() for name in names]
    if classes == 10:
        binary.insert(0, ("batches.meta.txt", lines(fine) + b"\n"))
        python.append(("batches.meta", python2({b"num_cases_per_batch": 6, b"label_names": encode(fine)})))
        folders = "cifar-10-batches-bin", "cifar-10-batches-py"
    else:
        binary += [("fine_label_names.txt", lines(fine)), ("coarse_label_names.txt", lines(coarse))]
        meta = {b"fine_label_names": encode(fine), b"coarse_label_names": encode(coarse)}
        python.append(("meta", python2(meta)))
        folders = "cifar-100-binary", "cifar-100-python"
    for kind, within, files in zip(["binary", "python"], folders, [binary, python]):
        files.append(("readme.html", b"<html></html>"))
        target = folder / kind
        target.mkdir(parents=True, exist_ok=True)
        pack(target / f"cifar-{classes}-{kind}.tar.gz", [(f"{within}/{name}", content) for name, content in files])


def jpeg(pixels, quality=90, grey=False):
    out = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert("L") if grey else image).save(out, "JPEG", quality=quality)
    return out.getvalue()


def tiny(folder, images):
    root = "tiny-imagenet-200"
    # Not sorted in the file; classes are.
    wnids = [f"n{(i * 7919 + 1443537) % 99999999:08d}" for i in range(200)]
    with zipfile.ZipFile(folder / f"{root}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{root}/wnids.txt", "".join(f"{id}\n" for id in wnids))
        archive.writestr(f"{root}/words.txt", "".join(f"{id}\tthing {id}, other name\n" for id in wnids))
        for place, id in enumerate(wnids):
            boxes = ""
            for i in range(3):
                name = f"{id}_{i}.JPEG"
                archive.writestr(f"{root}/train/{id}/images/{name}", jpeg(images.next(64), grey=(place + i) % 9 == 0))
                boxes += f"{name}\t0\t0\t63\t63\n"
            archive.writestr(f"{root}/train/{id}/{id}_boxes.txt", boxes)
        annotations = ""
        for i in range(400):
            id = wnids[(i * 37) % 200]
            archive.writestr(f"{root}/val/images/val_{i}.JPEG", jpeg(images.next(64), grey=i % 11 == 0))
            annotations += f"val_{i}.JPEG\t{id}\t0\t0\t60\t60\n"
        archive.writestr(f"{root}/val/val_annotations.txt", annotations)
        archive.writestr(f"{root}/test/images/test_0.JPEG", jpeg(images.next(64)))


def digits(folder, images):
    """MNIST's four files."""
    target = folder / "mnist"
    target.mkdir()
    for split, count in [("train", 60), ("t10k", 30)]:
        pixels = np.stack([images.next(28)[:, :, 0] for _ in range(count)])
        labels = np.arange(count, dtype=np.uint8) % 10
        head = struct.pack(">IIII", 0x803, count, 28, 28)
        with gzip.open(target / f"{split}-images-idx3-ubyte.gz", "wb") as file:
            file.write(head + pixels.tobytes())
        (target / f"{split}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, count) + labels.tobytes())


def pictures(folder, images):
    """A folder of images by class, of several sizes, formats and kinds."""
    for split, count in [("train", 6), ("val", 3)]:
        for name in ["Ankle boot", "bag", "coat"]:
            target = folder / "things" / split / name
            target.mkdir(parents=True)
            for i in range(count):
                image = Image.fromarray(images.next([32, 40, 64, 100, 33, 24][i]))
                if i == 1:
                    image = image.crop((0, 0, 40, 32))
                if i == 2:
                    image = image.convert("L")
                if i == 3:
                    image = image.convert("P")
                if i in (0, 4):
                    image.save(target / f"{i}.jpg", quality=92)
                else:
                    image.save(target / f"{i}.png")
            (target / "notes.txt").write_text("no image")


def main():
    folder, images = pathlib.Path(sys.argv[1]), Images()
    folder.mkdir(parents=True, exist_ok=True)
    cifar(folder, images, 10)
    cifar(folder, images, 100)
    tiny(folder, images)
    digits(folder, images)
    pictures(folder, images)


main()
