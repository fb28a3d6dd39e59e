#!/usr/bin/env python3
"""Packs a release: the binary, man pages, completions, documentation, and the licence texts of
everything that is compiled in.

    python assets/release.py                              # builds, then writes target/release/*.tar.gz
    python assets/release.py --features gpu               # with another set of cargo features
    python assets/release.py --no-default-features --binary target/release/hiresnet-tui --output /tmp

Needs cargo and Python 3.10. SOURCE_DATE_EPOCH sets the time of the archive's files.
"""

import argparse
import gzip
import json
import os
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "hiresnet-tui"
CARGO = os.environ.get("CARGO", "cargo")
# What crates call the files with their licences.
LICENCES = ("license", "licence", "copying", "copyright", "notice", "unlicense")
COMPLETIONS = {
    "bash": f"{NAME}.bash",
    "zsh": f"_{NAME}",
    "fish": f"{NAME}.fish",
    "elvish": f"{NAME}.elv",
    "powershell": f"_{NAME}.ps1",
}


def output_of(*command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def host():
    lines = output_of(os.environ.get("RUSTC", "rustc"), "-vV").splitlines()
    return next(line.removeprefix("host: ") for line in lines if line.startswith("host: "))


def dependencies(features, target):
    """The packages that are compiled into the program, by name and version."""
    metadata = json.loads(
        output_of(
            CARGO, "metadata", "--format-version", "1", "--locked", "--filter-platform", target, *features
        )
    )
    packages = {(package["name"], package["version"]): package for package in metadata["packages"]}
    # Metadata has optional packages that no feature turns on; the tree has not.
    tree = output_of(
        CARGO, "tree", "--locked", "--target", target, "--edges", "normal", "--prefix", "none",
        "--format", "{p}", *features,
    )
    linked = {tuple(line.split()[:2]) for line in tree.splitlines() if line.strip()}
    found = {(name, version.removeprefix("v")) for name, version in linked if name != NAME}
    return [packages[key] for key in sorted(found)]


def licence_files(package):
    folder = Path(package["manifest_path"]).parent
    files = [path for path in sorted(folder.iterdir()) if path.name.lower().startswith(LICENCES)]
    named = package.get("license_file")
    if named and (folder / named) not in files:
        files.append(folder / named)
    found = []
    for path in files:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        found += [file for file in inside if file.is_file()]
    return found


def third_party(packages):
    """A list of all packages, and each licence text once; and those that ship none."""
    texts, without = {}, []
    for package in packages:
        files = licence_files(package)
        if not files:
            without.append(package)
        for file in files:
            text = file.read_text(encoding="utf-8", errors="replace").strip()
            users = texts.setdefault("\n".join(line.rstrip() for line in text.splitlines()), [])
            users.append(f"{package['name']} {package['version']}")
    for name, path in [
        ("Fashion-MNIST (embedded subset)", "assets/fashion-mnist/LICENSE"),
        ("DejaVu Sans (embedded subset)", "assets/fonts/LICENSE"),
    ]:
        texts.setdefault((ROOT / path).read_text(encoding="utf-8").strip(), []).append(name)

    def row(package):
        return f"{package['name']} {package['version']}: {package['license'] or 'see its text'}"

    parts = [f"{len(packages)} packages are compiled into {NAME}:", "\n".join(map(row, packages))]
    if without:
        rows = [f"{row(package)}; {package['repository'] or 'no repository'}" for package in without]
        parts += ["These state a licence and ship no text of it:", "\n".join(rows)]
    for text, users in texts.items():
        parts += ["=" * 80, ", ".join(dict.fromkeys(users)) + ":", text]
    return "\n\n".join(parts) + "\n", without


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=Path, help="a finished binary, instead of building one")
    parser.add_argument("--features", default="", help="cargo features")
    parser.add_argument("--no-default-features", action="store_true")
    parser.add_argument("--output", type=Path, default=ROOT / "target/release", help="where to write")
    args = parser.parse_args()
    features = ["--features", args.features] if args.features else []
    features += ["--no-default-features"] if args.no_default_features else []
    binary = args.binary
    if not binary:
        built = output_of(
            CARGO, "build", "--release", "--locked", "--message-format", "json", *features
        )
        executables = [json.loads(line).get("executable") for line in built.splitlines()]
        binary = Path(next(path for path in executables if path))
    binary = binary.resolve()
    target = host()
    version = output_of(binary, "-V").split()[1]
    licences, without = third_party(dependencies(features, target))
    files = {NAME: binary.read_bytes(), "THIRD-PARTY.txt": licences.encode()}
    documents = [ROOT / name for name in ["README.md", "CHANGELOG.md", "LICENSE", "assets/KEYS.md"]]
    documents += sorted((ROOT / "assets/docs").glob("*.md")) + sorted((ROOT / "assets/pictures").glob("*"))
    for path in documents:
        files[str(path.relative_to(ROOT))] = path.read_bytes()
    for shell, name in COMPLETIONS.items():
        files[f"completions/{name}"] = output_of(binary, "completions", shell).encode()
    args.output.mkdir(parents=True, exist_ok=True)
    pages = args.output / "man1"
    output_of(binary, "man", pages)
    for path in sorted(pages.glob("*.1")):
        files[f"man/man1/{path.name}"] = path.read_bytes()

    name = f"{NAME}-{version}-{target}"
    archive = args.output / f"{name}.tar.gz"
    time = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    with archive.open("wb") as raw, gzip.GzipFile("", "wb", mtime=time, fileobj=raw) as packed:
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path, content in sorted(files.items()):
                entry = tarfile.TarInfo(f"{name}/{path}")
                entry.size, entry.mtime = len(content), time
                entry.mode = 0o755 if path == NAME else 0o644
                tar.addfile(entry, BytesIO(content))
    if without:
        names = ", ".join(package["name"] for package in without)
        print(f"no licence text is shipped by {names}", file=sys.stderr)
    print(archive)


if __name__ == "__main__":
    main()
