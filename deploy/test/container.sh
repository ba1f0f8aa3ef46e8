#!/bin/bash
# Builds the images of the Containerfile with buildah and runs them, without a registry, a daemon or a network: the one on
# nothing, and one on a base with a shell, as Kubernetes' Job needs it:
#
#   cargo xtask release
#   deploy/test/container.sh dist/earmark-*-linux-gnu.tar.gz
#
# Needs root, buildah, python3 and a static busybox (Debian: apt-get install --no-install-recommends buildah
# busybox-static). The first base is empty, the second has a shell alone, so that a program that is not static can't start.
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

# A base with a shell: busybox is the one that it is called as.
base=$("${buildah[@]}" from scratch)
"${buildah[@]}" copy --quiet "$base" "$(command -v busybox)" /bin/sh
"${buildah[@]}" commit --quiet "$base" shell
"${buildah[@]}" bud --quiet --build-arg BASE=localhost/shell --tag with-shell --file Containerfile "$place/context"
with_shell=$("${buildah[@]}" from --pull-never with-shell)

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

in_container() {
    local container=$1
    shift
    "${buildah[@]}" run --volume "$place/data:/data" "$container" -- "$@"
}
in_container "$container" /usr/bin/earmark --version
in_container "$container" /usr/bin/earmark features tone.wav --recipe folder -o tone.npy
[ -s "$place/data/tone.npy" ]
# A command as in deploy/kubernetes-job.yaml: code 1 ends it, 2 does not.
in_container "$with_shell" /bin/sh -c 'earmark features tone.wav --recipe folder -o again.npy || [ $? -eq 2 ]'
cmp "$place/data/tone.npy" "$place/data/again.npy"
if in_container "$with_shell" /bin/sh -c 'earmark features none.wav --recipe folder -o none.npy || [ $? -eq 2 ]'; then
    echo "a recording that is not there ended with 0" >&2
    exit 1
fi
layers=$("${buildah[@]}" inspect --type image --format '{{len .OCIv1.RootFS.DiffIDs}}' earmark)
size=$(du -sh "$place/context/earmark" | cut -f 1)
echo "built and run: earmark of $size in $layers layers, on nothing and on a shell"
