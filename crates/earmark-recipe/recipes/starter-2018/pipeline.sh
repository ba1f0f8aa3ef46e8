#!/bin/sh
# starter-2018 from a data folder in FSDKaggle2018's layout to a submission, the counterpart of the
# original's notebook:
#
#   sh pipeline.sh DATA OUT             10,000 steps: hours on a CPU
#   QUICK=1 sh pipeline.sh DATA OUT     200 steps: to see it run
#
# Interrupt it when you like and start it again: it resumes. OUT may not contain spaces.
set -euf
data=${1:?usage: sh pipeline.sh DATA OUT}
out=${2:?usage: sh pipeline.sh DATA OUT}
case $out in *' '*) echo "error: OUT may not contain spaces: $out" >&2; exit 1 ;; esac
earmark=${EARMARK:-earmark}
keys=${KEYS:-}
if [ -n "${QUICK:-}" ]; then
    keys="--set train.steps=200 --set checkpoints.every-steps=50 $keys"
fi
mkdir -p "$out"

# 1. Exploration: how long recordings of train and test are, which have no samples, pictures of amplitude
#    and phase, mean and deviation of each frequency.
[ -e "$out/stats" ] || "$earmark" data stats "$data" --out "$out/stats"

# 2. Training on two thirds, validation on the rest.
"$earmark" train starter-2018/1-train --data "$data" --run "$out/run" --resume $keys

# 3. Submission: the best three labels of each whole recording.
"$earmark" predict "$out/run" --data "$data" --format kaggle2018 -o "$out/submission.csv"
