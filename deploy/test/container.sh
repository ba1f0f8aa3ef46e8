#!/bin/bash
# Builds the image of the Containerfile with buildah and runs it, without a registry, a daemon or a network:
#
#   cargo xtask release
#   deploy/test/container.sh dist/earmark-*-linux-gnu.tar.gz
#
# Needs root, buildah and python3 (Debian: apt-get install --no-install-recommends buildah). The base is empty, so that
# a program that is not static can't start.
set -euo pipefail
archive=$(realpath "${1:?"usage: deploy/test/container.sh ARCHIVE.tar.gz"}")
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

place=$(mktemp -d)
# vfs and chroot work in containers, too.
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
buildah=(buildah --root "$place/storage" --runroot "$place/run")
trap '"${buildah[@]}" rm --all >/dev/null 2>&1 || true; rm -rf "$place"' EXIT

mkdir "$place/context" "$place/data"
tar -xzf "$archive" -C "$place/context" --strip-components 1
"${buildah[@]}" bud --quiet --tag earmark --file Containerfile "$place/context"
container=$("${buildah[@]}" from --pull-never earmark)

# A second of 440 Hz.
python3 - "$place/data/tone.wav" <<'PYTHON'
import math, struct, sys, wave

with wave.open(sys.argv[1], "wb") as file:
    file.setnchannels(1)
    file.setsampwidth(2)
    file.setframerate(16000)
    samples = (int(9000 * math.sin(2 * math.pi * 440 * n / 16000)) for n in range(16000))
    file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
PYTHON

earmark() {
    "${buildah[@]}" run --volume "$place/data:/data" "$container" -- /usr/bin/earmark "$@"
}
earmark --version
earmark features tone.wav --recipe folder -o tone.npy
[ -s "$place/data/tone.npy" ]
layers=$("${buildah[@]}" inspect --type image --format '{{len .OCIv1.RootFS.DiffIDs}}' earmark)
size=$(du -sh "$place/context/earmark" | cut -f 1)
echo "built and run: earmark of $size in $layers layers, on nothing"
