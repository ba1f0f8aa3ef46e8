#!/bin/bash
# Installs the wheel in a Debian root file system without compilers, and runs the ten lines of docs/python.md there:
#
#   deploy/test/wheel.sh dist/earmark-*.whl MODEL.safetensors SOUNDS [SUITE]
#
# SOUNDS is a data folder, such as Kitchen20; SUITE, a version of Debian (bookworm by default). Needs root, debootstrap and
# the network, for Debian's packages and numpy.
set -euo pipefail
usage="usage: deploy/test/wheel.sh WHEEL MODEL.safetensors SOUNDS [SUITE]"
wheel=$(realpath "${1:?"$usage"}")
model=$(realpath "${2:?"$usage"}")
sounds=$(realpath "${3:?"$usage"}")
suite=${4:-bookworm}

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase --include=python3-venv,ca-certificates "$suite" "$root" >"$root.log" 2>&1 || {
    tail -n 5 "$root.log" >&2
    exit 1
}
rm "$root.log"
# Names and certificates of this machine, which may have a proxy of its own.
cp -L /etc/resolv.conf "$root/etc/resolv.conf"
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
mkdir "$root/work"
cp "$wheel" "$root/work/"
cp "$model" "$root/work/model.safetensors"
cp -r "$sounds" "$root/work/sounds"
inside() {
    chroot "$root" env --ignore-environment PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/work LANG=C.UTF-8 \
        PIP_CERT=/etc/ssl/certs/ca-certificates.crt PIP_DISABLE_PIP_VERSION_CHECK=1 sh -c "cd /work && $1"
}
for compiler in cc gcc clang c++ rustc cargo; do
    if inside "command -v $compiler" >/dev/null; then
        echo "$compiler is in the root file system" >&2
        exit 1
    fi
done
inside "python3 -m venv venv && venv/bin/pip install --quiet $(basename "$wheel")"
inside "venv/bin/earmark tag sounds --model model.safetensors --format json -q >command.json"
cat > "$root/work/ten.py" <<'PYTHON'
import json

import numpy as np

import earmark

model = earmark.load("model.safetensors")
events = model.tag(["sounds"])
first = earmark.recordings("sounds")[0]
scores = model.predict(first)
embeddings = model.embed(earmark.recordings("sounds")[:2])
fitted = earmark.fit("sounds", "sounds.safetensors", model="model.safetensors")
again = earmark.load("sounds.safetensors").tag(first)

assert scores.shape == (len(model.classes),) and len(embeddings) == 2
# The command that the wheel carries gives the same events, and the same scores to the last bit.
of_command = [
    {"file": one["file"], **event} for one in json.load(open("command.json")) for event in one.get("events", [])
]
rows = list(events.rows())
assert len(rows) == len(of_command) > 0, (len(rows), len(of_command))
for row, other in zip(rows, of_command):
    assert np.float32(row.pop("score")) == np.float32(other.pop("score")), (row, other)
    assert row == other, (row, other)
print(f"{len(rows)} events, as the command has them; a fit by {fitted['chosen']}: {len(list(again.rows()))} events")
PYTHON
inside "venv/bin/python ten.py"
echo "installed and run: $(basename "$wheel") in Debian $suite, without a compiler"
