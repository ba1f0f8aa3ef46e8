"""Public collections of odd audio: test files in PyPI, npm and crates.io packages.

    python bench/odd_file_packages.py FOLDER [--full] [--packages pypi:mutagen,npm:audio-lena,...]

Downloads packages with the registries' own clients (pip, npm, cargo) and copies the audio files in them, each
content once, to FOLDER/files/REGISTRY-PACKAGE/PATH. A package whose files are there already is not downloaded
again. pypi: is a source distribution, wheel: a wheel, npm: and crate: what their registries hold; @ takes a
version. Packages that can't be had are named and passed over. --full takes FULL instead of QUICK: about 400 files
instead of 237. bench/odd_files.py reads the result. Needs Python alone, and the clients.
"""

import argparse
import hashlib
import io
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import zipfile

QUICK = ["pypi:mutagen", "pypi:beets@1.4.9", "wheel:scipy", "npm:audio-lena", "crate:claxon", "crate:hound"]
FULL = QUICK + [
    # Tags
    "pypi:hachoir", "pypi:puremagic", "pypi:filetype", "pypi:mediafile@0.9.0", "crate:audiotags", "crate:mp3-metadata",
    "crate:opusmeta", "crate:matroska", "crate:bwavfile", "npm:mp3-duration",
    # Readers and writers
    "pypi:soundfile", "pypi:audioread@2.1.9", "pypi:miniaudio", "pypi:simpleaudio", "pypi:stempeg", "pypi:wave-bwf-rf64",
    "npm:node-wav", "npm:lame", "npm:vorbis", "npm:audiosprite", "crate:audrey", "crate:wavers",
    # Analysis and games
    "pypi:librosa@0.6.3", "pypi:praat-parselmouth@0.4.3", "pypi:crowsetta", "pypi:pyglet", "pypi:pygame", "crate:quad-snd",
]  # fmt: skip

AUDIO = set(
    ".wav .wave .rf64 .w64 .bwf .bw64 .aif .aiff .aifc .afc .au .snd .caf .flac .fla .ogg .oga .ogx .opus .spx .mp3 .mp2"
    " .mp1 .mpga .m4a .m4b .m4r .mp4 .aac .adts .mka .mkv .webm .wma .asf .amr .3gp .ape .wv .mpc .tta .tak .ra .rm".split()
)
LARGEST = 32 << 20  # bytes of a file, or of an archive in an archive
LONGEST = 150  # seconds of a download


def client(command, folder):
    """Runs a registry's client; its last words where it fails, or takes longer than LONGEST."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, cwd=folder, text=True, start_new_session=True, **streams)
    try:
        words = process.communicate(timeout=LONGEST)[0].strip().splitlines() or ["no reason given"]
    except subprocess.TimeoutExpired:
        # With all that it started: the build of a source distribution may be anything.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise OSError(f"{command[0]} takes longer than {LONGEST} s") from None
    if process.returncode:
        reason = next((word for word in reversed(words) if "rror" in word), words[-1])
        raise OSError(f"{command[0]} ended with {process.returncode}: {reason.strip()[:160]}")


def download(package, folder):
    """A package's archives or folder, in `folder`."""
    kind, _, name = package.partition(":")
    name, _, version = name.partition("@")
    if kind in ("pypi", "wheel"):
        wanted = f"{name}=={version}" if version else name
        pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", ".", wanted]
        # By name, not ":all:", which would build setuptools and the like from their sources as well.
        try:
            client([*pip, "--no-binary" if kind == "pypi" else "--only-binary", name], folder)
        except OSError:
            # pip asks a source distribution for its metadata, which runs its build; old ones fail at that. Their wheels
            # may hold the tests as well.
            if kind == "wheel":
                raise
            client([*pip, "--only-binary", name], folder)
    elif kind == "npm":
        client(["npm", "pack", "--silent", f"{name}@{version}" if version else name], folder)
    elif kind == "crate":
        (folder / "src").mkdir()
        (folder / "src/lib.rs").write_text("")
        wanted = f'"={version}"' if version else '"*"'
        head = '[package]\nname = "collect"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\n'
        (folder / "Cargo.toml").write_text(f"{head}{name} = {wanted}\n")
        client(["cargo", "vendor", "--quiet", "--versioned-dirs", "vendor"], folder)
        for other in (folder / "vendor").iterdir():
            # Its dependencies come along.
            if not re.fullmatch(re.escape(name) + r"-\d[^/]*", other.name):
                shutil.rmtree(other)
    else:
        raise OSError(f"{package}: begin it with pypi:, wheel:, npm: or crate:")


def unpacked(name, data):
    """(path, bytes) of the files of an archive; None where it is none."""
    lower, content = name.lower(), io.BytesIO(data)
    if lower.endswith((".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".crate")):
        with tarfile.open(fileobj=content) as archive:
            small = [member for member in archive if member.isfile() and member.size < LARGEST]
            return [(member.name, archive.extractfile(member).read()) for member in small]
    if lower.endswith((".zip", ".whl")):
        with zipfile.ZipFile(content) as archive:
            small = [entry for entry in archive.infolist() if not entry.is_dir() and entry.file_size < LARGEST]
            return [(entry.filename, archive.read(entry)) for entry in small]
    return None


def members(name, data, depth=0):
    """(path, bytes) of a file, or of all files in it where it is an archive, also of those in archives inside it."""
    try:
        inner = unpacked(name, data) if depth < 3 else None
    except (OSError, tarfile.TarError, zipfile.BadZipFile, EOFError, RuntimeError):
        inner = None  # Broken archives are test files, too.
    if inner is None:
        yield name, data
    else:
        for path, content in inner:
            yield from members(path, content, depth + 1)


def found(folder):
    """(path, bytes) of all files that a download left."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield from members(str(path.relative_to(folder)), path.read_bytes())


def collect(package, root, known):
    """Downloads one package; how many new audio files it had, and how many bytes."""
    into = root / re.sub(r"[^\w.@-]+", "-", package)
    count = size = 0
    with tempfile.TemporaryDirectory(dir=root.parent) as folder:
        download(package, pathlib.Path(folder))
        into.mkdir(parents=True, exist_ok=True)
        for name, data in found(pathlib.Path(folder)):
            parts = pathlib.PurePosixPath(name).parts
            is_junk = parts[-1].startswith("._") or "PaxHeader" in parts
            is_audio = pathlib.PurePath(name).suffix.lower() in AUDIO and not is_junk
            digest = hashlib.sha256(data).hexdigest()
            if not is_audio or len(data) > LARGEST or digest in known:
                continue
            known.add(digest)
            # Never outside of `into`, whatever an archive says; and no name that is too long.
            flat = "__".join(part for part in parts[1:] or parts if part not in ("..", "/"))[-200:]
            (into / flat).write_bytes(data)
            count, size = count + 1, size + len(data)
    return count, size


def collection(root, packages):
    """All audio files of these packages below root/files; downloads those that aren't there."""
    files = pathlib.Path(root) / "files"
    files.mkdir(parents=True, exist_ok=True)
    known = {hashlib.sha256(p.read_bytes()).hexdigest() for p in files.rglob("*") if p.is_file()}
    for package in packages:
        # An empty folder remains of a package without audio, so that it isn't asked for again.
        if (files / re.sub(r"[^\w.@-]+", "-", package)).is_dir():
            continue
        try:
            count, size = collect(package, files, known)
            print(f"{package}: {count} new audio files, {size / 1e6:.1f} MB", file=sys.stderr)
        except OSError as error:
            print(f"{package}: not to be had: {error}", file=sys.stderr)
    return sorted(p for p in files.rglob("*") if p.is_file())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--packages", help="instead of the built-in list, separated by commas")
    options = parser.parse_args()
    packages = options.packages.split(",") if options.packages else FULL if options.full else QUICK
    files = collection(options.folder, packages)
    print(f"{len(files)} files, {sum(os.path.getsize(p) for p in files) / 1e6:.1f} MB, in {options.folder / 'files'}")


if __name__ == "__main__":
    main()
