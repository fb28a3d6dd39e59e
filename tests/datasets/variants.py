"""The datasets that make.py wrote, as people have them: packed again, unpacked, renamed,
rearranged, pickled again, in other formats.

    python3 tests/datasets/variants.py FOLDER

Writes FOLDER/variants/DATASET/NAME, each a data folder of its own, and the images of
FOLDER/variants/formats with what Pillow reads of them.
"""

import gzip
import io
import pathlib
import pickle
import shutil
import struct
import sys
import tarfile
import zipfile

import numpy as np
from PIL import Image, ImageOps

TINY = "tiny-imagenet-200"


def contents(archive):
    """Names and bytes of the files in an archive."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as file:
            return [(name, file.read(name)) for name in file.namelist()]
    with tarfile.open(archive) as tar:
        return [(entry.name, tar.extractfile(entry).read()) for entry in tar if entry.isfile()]


def write(folder, files):
    for name, content in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def pack(path, files):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
            for name, content in files:
                file.writestr(name, content)
        return
    # Long names as headers of their own, folders before their files, and what macOS adds.
    with tarfile.open(path, "w" if path.name.endswith(".tar") else "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name, content in [("._hidden", b"x"), *files]:
            facts = tarfile.TarInfo("./" + name)
            facts.size, facts.mtime = len(content), 1.5
            tar.addfile(facts, io.BytesIO(content))


def below(folder, files):
    return [(f"{folder}/{name}", content) for name, content in files]


def without_top(files):
    return [(name.split("/", 1)[1], content) for name, content in files]


def cifar(folder, out, classes):
    for form, within in [("binary", "bin"), ("python", "py")]:
        archive = folder / form / f"cifar-{classes}-{form}.tar.gz"
        files, target = contents(archive), out / f"cifar{classes}-{form}"
        name = f"cifar-{classes}-{form}"
        pack(target / "tar" / f"{name}.tar", files)
        pack(target / "zip" / f"{name}.zip", files)
        pack(target / "renamed" / "images.tgz", files)
        pack(target / "flat" / f"my_cifar{classes}.zip", without_top(files))
        pack(target / "nested-archive" / "datasets" / f"{name}.tar.gz", below("cifar", files))
        # The other version under this one's name.
        other = {"binary": "python", "python": "binary"}[form]
        pack(target / "mistaken" / f"cifar-{classes}-{other}.tar.gz", files)
        write(target / "nested" / "downloads" / "cifar", files)
        write(target / "other-name" / "CIFAR data", without_top(files))
        if form == "python":
            for protocol in range(6):
                write(target / f"protocol-{protocol}", [(n, pickled_again(c, protocol)) for n, c in files if "." not in n.split("/")[1] or n.endswith(".meta")])


def pickled_again(content, protocol):
    value = pickle.loads(content, encoding="latin1" if protocol % 2 else "bytes")
    for key in list(value):
        if "labels" in (key if isinstance(key, str) else key.decode()) and protocol > 1:
            value[key] = np.array(value[key], [np.int64, np.uint8, np.int32, np.uint16][protocol - 2])
    return pickle.dumps(value, protocol)


def tiny(folder, out):
    files, target = contents(folder / f"{TINY}.zip"), out / "tiny-imagenet"
    pack(target / "tar" / f"{TINY}.tar", files)
    pack(target / "tar-gz" / f"{TINY}.tar.gz", files)
    pack(target / "renamed" / "pictures.zip", files)
    pack(target / "nested-archive" / f"{TINY}.zip", below(TINY, files))
    flat = without_top(files)
    pack(target / "flat" / f"{TINY}.zip", flat)
    write(target / "nested" / TINY, files)
    write(target / "other-name" / "tiny", flat)
    lines = dict(flat)["val/val_annotations.txt"].decode().splitlines()
    classes = dict(line.split("\t")[:2] for line in lines)

    def moved(name, val, images, keeps):
        """As scripts for PyTorch's ImageFolder rearrange the validation images."""
        steps = name.split("/")
        if name == "val/val_annotations.txt":
            return f"{val}/{steps[-1]}" if keeps else None
        if steps[0] == "val":
            return "/".join([val, classes[steps[-1]], *images, steps[-1]])
        return name

    for kind, val, images, keeps in [
        ("by-class", "val", [], False),
        ("by-class-with-list", "val", [], True),
        ("by-class-images", "val", ["images"], False),
        ("by-class-images-with-list", "val", ["images"], True),
        ("valid", "valid", [], False),
        ("validation", "validation", ["images"], True),
    ]:
        renamed = [(moved(name, val, images, keeps), content) for name, content in flat]
        write(target / kind / TINY, [(name, content) for name, content in renamed if name])
    # No lists at all, and no folder images within each class.
    plain = [(moved(name, "val", [], False), content) for name, content in flat]
    plain = [(name.replace("/images", "") if name.startswith("train/") else name, content) for name, content in plain if name]
    plain = [(name, content) for name, content in plain if not name.endswith(".txt")]
    write(target / "plain" / TINY, plain)
    pack(target / "plain-archive" / f"{TINY}.tar.gz", below(TINY, plain))
    write(target / "whole-val" / TINY, [(n.replace("val/", "valid/") if n.startswith("val/") else n, c) for n, c in flat])


def digits(folder, out):
    target, files = out / "mnist", {}
    for path in (folder / "mnist").iterdir():
        content = path.read_bytes()
        files[path.name.removesuffix(".gz")] = gzip.decompress(content) if path.suffix == ".gz" else content
    plain = list(files.items())
    dotted = [(name.replace("-idx", ".idx"), content) for name, content in plain]
    packed = [(name + ".gz", gzip.compress(content)) for name, content in plain]
    write(target / "plain" / "mnist", plain)
    write(target / "packed" / "MNIST" / "raw", packed)
    write(target / "dotted" / "mnist", dotted)
    write(target / "dotted-packed" / "mnist", [(name + ".gz", gzip.compress(content)) for name, content in dotted])
    write(target / "each-in-a-folder" / "mnist", [(f"{name}/{name}", content) for name, content in dotted])
    write(target / "nested" / "data" / "MNIST_data", packed)
    write(target / "test-for-t10k" / "mnist", [(name.replace("t10k", "test"), content) for name, content in plain])
    pack(target / "zip" / "mnist.zip", dotted)
    pack(target / "tar" / "MNIST.tar", below("mnist/raw", packed))


def formats(out):
    """Images of every format and kind that is read, of 40x30 pixels, most of two greys."""
    target, random = out / "formats", np.random.default_rng(7)
    smooth = np.asarray(Image.fromarray(random.integers(0, 256, (6, 8, 3)).astype(np.uint8)).resize((40, 30), Image.BICUBIC))
    image = Image.fromarray(smooth)
    alpha = Image.fromarray(np.dstack([smooth, random.integers(0, 256, (30, 40))]).astype(np.uint8))
    exif = lambda orientation: {"exif": bytes_of_orientation(orientation)}
    kinds = [
        ("01.png", image, {}), ("02.bmp", image, {}), ("03.tif", image, {}), ("04.tiff", image, {"compression": "tiff_lzw"}),
        ("05.webp", image, {"lossless": True}), ("06.gif", image.quantize(64), {}), ("07.jpg", image, {"quality": 95}),
        ("08.png", alpha, {}), ("09.webp", alpha, {"lossless": True, "exact": True}),
        ("10.png", Image.fromarray((smooth[:, :, 0].astype(np.uint16) * 257)), {}),
        ("11.gif", image.quantize(64), {"save_all": True, "append_images": [image.rotate(90).resize((40, 30)).quantize(64)]}),
        ("12.tif", image, {"save_all": True, "append_images": [image.rotate(180)]}),
        ("13.bmp", image.convert("L"), {}), ("14.png", image.convert("1"), {}), ("15.png", alpha.convert("LA"), {}),
        ("16.webp", image, {"lossless": True, "save_all": True, "append_images": [image.rotate(180)]}),
        ("17.jpeg", image, {"quality": 95, "progressive": True}), ("18.jpe", image.convert("CMYK"), {"quality": 95}),
    ]
    kinds += [(f"2{i}.jpg", image, {"quality": 95} | exif(i)) for i in range(1, 9)]
    kinds += [("31.png", image, exif(6)), ("32.webp", image, {"lossless": True} | exif(8))]
    for split in ["train", "test"]:
        for label in ["a", "b"]:
            folder = target / "formats" / split / label
            folder.mkdir(parents=True)
            for name, kind, options in kinds:
                kind.save(folder / name, **options)
    folder = target / "formats" / "train" / "a"
    (folder / "notes.txt").write_text("none")
    (folder / "photo.heic").write_text("none")
    (folder / "more").mkdir()
    pixels = []
    for name, _, _ in kinds:
        read = ImageOps.exif_transpose(Image.open(folder / name))
        if read.mode.startswith("I"):
            read = Image.fromarray((np.asarray(read) // 257).astype(np.uint8))
        # Alpha is dropped, not blended.
        read = Image.fromarray(np.asarray(read)[:, :, :3]) if read.mode == "RGBA" else read
        read = read.getchannel("L") if read.mode == "LA" else read
        read = read.convert("RGB")
        side = min(read.size)
        read = read.resize([round(length * 16 / side) for length in read.size], Image.BILINEAR)
        left, top = ((length - 16) // 2 for length in read.size)
        pixels.append(np.asarray(read.crop((left, top, left + 16, top + 16))).transpose(2, 0, 1))
    for split in ["train", "test"]:
        labels = np.repeat(np.arange(2), len(kinds)).astype("<u2")
        head = struct.pack("<II", len(labels), 16)
        content = head + labels.tobytes() + np.stack(pixels * 2).astype(np.uint8).tobytes()
        (out.parent / "expected" / f"formats.{split}").write_bytes(content)


def bytes_of_orientation(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def main():
    folder = pathlib.Path(sys.argv[1])
    out = folder / "variants"
    shutil.rmtree(out, ignore_errors=True)
    for classes in (10, 100):
        cifar(folder, out, classes)
    tiny(folder, out)
    digits(folder, out)
    formats(out)


main()
