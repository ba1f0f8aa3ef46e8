#!/bin/bash
# Runs the templates for Slurm (tag-array.sbatch, folds-array.sbatch) on a real Slurm: a controller and two nodes on
# this host. In each array a task is killed in the midst of its work and requeued; the results must have the bytes of
# one process without shards.
#
#   deploy/test/slurm.sh target/release/earmark [FOLDER]
#
# Needs root and Debian's packages: apt-get install --no-install-recommends munge slurm-client slurmctld slurmd.
# It listens on the loopback address, starts no service of the system, and ends what it started. With FOLDER, what it
# made stays there.
set -euo pipefail

program=$(realpath "${1:?"usage: deploy/test/slurm.sh EARMARK [FOLDER]"}")
deploy=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
tiny=$deploy/../crates/earmark-cli/tests/end_to_end/tiny.toml
place=${2:-$(mktemp -d)}
mkdir -p "$place"/{bin,munge,state,jobs}
place=$(realpath "$place")
pids=()

finish() {
    local status=$?
    [ "$status" -eq 0 ] || tail -n 20 "$place"/*.log "$place"/jobs/*.log 2>/dev/null || true
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    wait || true
    [ -n "${2:-}" ] || rm -rf "$place"
    exit "$status"
}
trap 'finish "$@"' EXIT
say() { printf '%4d s  %s\n' "$SECONDS" "$*"; }

# Polls a command up to five minutes.
until_true() {
    for _ in $(seq 600); do
        if "$@"; then return 0; fi
        sleep 0.5
    done
    echo "after five minutes still not: $*" >&2
    return 1
}

start_slurm() {
    local host key=$place/munge/key socket=$place/munge/socket
    host=$(hostname -s)
    # munged wants folders that nobody else can write to, and a socket that others can reach.
    chmod 755 "$place" "$place/munge"
    head -c 1024 /dev/urandom > "$key"
    chmod 400 "$key"
    munged --foreground --force --key-file="$key" --socket="$socket" --pid-file="$place/munge/pid" \
        --seed-file="$place/munge/seed" --log-file="$place/munge.log" >"$place/munged.log" 2>&1 &
    pids+=($!)
    until_true test -S "$socket"
    cat > "$place/slurm.conf" <<CONF
ClusterName=earmark
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$socket
CredType=cred/munge
StateSaveLocation=$place/state
SlurmdSpoolDir=$place/spool-%n
SlurmctldPidFile=$place/slurmctld.pid
SlurmdPidFile=$place/slurmd-%n.pid
SlurmctldLogFile=$place/slurmctld.log
SlurmdLogFile=$place/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
MpiDefault=none
NodeName=one NodeHostname=$host NodeAddr=127.0.0.1 Port=16818 CPUs=2
NodeName=two NodeHostname=$host NodeAddr=127.0.0.1 Port=16819 CPUs=2
PartitionName=all Nodes=one,two Default=YES MaxTime=INFINITE State=UP
CONF
    export SLURM_CONF=$place/slurm.conf
    slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1 &
    pids+=($!)
    for node in one two; do
        mkdir -p "$place/spool-$node"
        slurmd -D -N "$node" -f "$SLURM_CONF" >/dev/null 2>&1 &
        pids+=($!)
    done
    until_true both_idle
}
both_idle() { [ "$(sinfo --noheader --format %D --states idle 2>/dev/null)" = 2 ]; }
queue_is_empty() {
    local left job reason
    left=$(squeue --noheader --format "%A %r") || return 1
    # Slurm holds a requeued job back for two minutes, which a test need not wait for.
    while read -r job reason; do
        if [ "$reason" = BeginTime ]; then scontrol update JobId="$job" StartTime=now; fi
    done <<< "$left"
    [ -z "$left" ]
}

# In each array, task 2 is killed at its first try, in the midst of its work, and asks to be requeued.
write_program() {
    cat > "$place/bin/earmark" <<WRAPPER
#!/bin/bash
if [ "\${SLURM_ARRAY_TASK_ID:-}" = 2 ] && [ "\${SLURM_RESTART_COUNT:-0}" = 0 ]; then
    case \$1 in tag) point=tag-journaled:50 ;; *) point=step:12 ;; esac
    EARMARK_CRASH_AT=\$point "$program" "\$@"
    [ \$? -eq 137 ] || exit 3
    echo "killed at \$point" >> "$place/killed"
    scontrol requeue "\$SLURM_JOB_ID"
    sleep 60
    exit 4
fi
exec "$program" "\$@"
WRAPPER
    chmod +x "$place/bin/earmark"
    export PATH=$place/bin:$PATH
}

# 2,000 recordings of a second in 40 folders, 20 of them broken; three classes of six to train on.
write_sounds() {
    python3 - "$place/jobs" <<'PYTHON'
import math, random, sys, wave
from array import array
from pathlib import Path

random.seed(1)
noise = [random.gauss(0, 500) for _ in range(8000)]


def tone(path, hz):
    path.parent.mkdir(parents=True, exist_ok=True)
    step = 2 * math.pi * hz / 8000
    samples = array("h", [int(8000 * math.sin(step * n) + value) for n, value in enumerate(noise)])
    if sys.byteorder == "big":
        samples.byteswap()
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(samples.tobytes())


work = Path(sys.argv[1])
for name, hz in [("high", 2500), ("low", 300), ("mid", 1000)]:
    for k in range(6):
        tone(work / f"tones/{name}/{k}.wav", hz * (1 + 0.03 * k))
for k in range(2000):
    path = work / f"archive/{k // 50:02}/{k:04}.wav"
    if k % 100 == 7:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"not a sound")
    else:
        tone(path, 200 + k)
PYTHON
}

# Submits a template's array and what depends on it: TEMPLATE FIRST ARRAY SECOND.
submit() {
    local flags=(--cpus-per-task=1 --mem=0 --time=10) array
    array=$(sbatch --parsable "${flags[@]}" --array="$3" "$1" "$2")
    sbatch --parsable "${flags[@]}" --dependency=afterany:"$array" "$1" "$4" >/dev/null
    until_true queue_is_empty
}

tag_archive() {
    earmark tag archive --model model.safetensors -o whole.csv -q >/dev/null 2>&1 || [ $? -eq 2 ]
    cp "$deploy/tag-array.sbatch" .
    say "one process: $(wc -l < whole.csv) lines of a table"
    submit tag-array.sbatch shard 1-7 merge
    cmp whole.csv tags.csv
    [ "$(cat earmark-tag-*.log | grep -c 'resuming: ')" -ge 1 ]
    # The merge, whose log is the last one's, names all that were skipped.
    [ "$(grep -l 'shards merged' earmark-tag-*.log | xargs grep -c '^skipped ')" = 20 ]
    say "seven shards on two nodes: the same bytes; 20 broken recordings named"
}

train_folds() {
    earmark train tiny.toml --data tones --folds all --run runs/whole -q >/dev/null
    sed -e 's|^recipe=.*|recipe=tiny.toml|' -e 's|^data=.*|data=tones|' -e 's|^run=.*|run=runs/shared|' \
        "$deploy/folds-array.sbatch" > folds-array.sbatch
    submit folds-array.sbatch folds 1-3 summary
    [ "$(cat earmark-folds-*.log | grep -c 'is trained already')" = 3 ]
    cmp runs/whole/folds.json runs/shared/folds.json
    for fold in 1 2 3; do cmp runs/{whole,shared}/fold-$fold/best.safetensors; done
    say "three folds on two nodes: the same bytes"
}

write_program
write_sounds
cd "$place/jobs"
cp "$tiny" tiny.toml
earmark train tiny.toml --data tones --run runs/model -q >/dev/null
cp runs/model/best.safetensors model.safetensors
say "sounds and a model made"
start_slurm
say "Slurm $(sinfo --version | cut -d ' ' -f 2): two nodes idle"
tag_archive
train_folds
[ "$(wc -l < "$place/killed")" = 2 ]
say "passed; in each array a task was killed and requeued"
