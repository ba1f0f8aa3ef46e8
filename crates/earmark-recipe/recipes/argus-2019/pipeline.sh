#!/bin/sh
# argus-2019 from a data folder in FSDKaggle2019's layout to a submission: base models, a meta-model, a
# blend.
#
#   sh pipeline.sh DATA OUT             as published, with three base models instead of seven: days on a
#                                       GPU, weeks on a CPU
#   QUICK=1 sh pipeline.sh DATA OUT     tiny networks and few steps, for the set that `earmark demo`
#                                       makes: minutes
#
# Interrupt it when you like and start it again: it resumes, and ends with the same bytes. EARMARK names
# the program where it is not on the path. FIRST and SECOND set other keys of the base models and of the
# meta-model, SEARCH says what the search for the latter draws from, TRIALS how often.
set -euf
data=${1:?usage: sh pipeline.sh DATA OUT}
out=${2:?usage: sh pipeline.sh DATA OUT}
case $out in *' '*) echo "error: OUT may not contain spaces: $out" >&2; exit 1 ;; esac
earmark=${EARMARK:-earmark}
# Such as FIRST="--set train.steps=50000".
first=${FIRST:-}
second=${SECOND:-}
search=${SEARCH:-}
trials=${TRIALS:-20}
if [ -n "${QUICK:-}" ]; then
    first="--set network.base=4 --set train.steps=240 --set train.learning-rate=3e-3 --set batches.size=16
        --set batches.sample.items=320 --set checkpoints.every-steps=60 --set folds.count=3
        --set front-end.mel.bands=32 --set front-end.segments.length-frames=64 --set front-end.segments.hop-frames=64
        --set predict.segments.length-frames=64 --set predict.segments.hop-frames=32
        --set validation.segments.length-frames=64 --set validation.segments.hop-frames=64 $first"
    # The published space has rates and batches for 5,000 clips, too low for a hundred clips and few steps.
    second="--set train.epochs=60 --set checkpoints.every-steps=20 --set batches.size=16 --set network.reduction=1 $second"
    search=${SEARCH:---range train.learning-rate=2e-3..5e-3:log --range network.drop-prob=0.0..0.4 --choice network.base=64,128,256}
    trials=${TRIALS:-3}
fi
mkdir -p "$out"

# 1. Base models: three runs over the same folds. A tenth of the other folds drives each training, so that
#    the test fold chooses nothing.
for seed in 1 2 3; do
    "$earmark" train argus-2019/1-fold --data "$data" --run "$out/first-$seed" --folds all --resume \
        --set train.seed=$seed --set 'validation.split={kind="hold-out",fraction=0.1}' $first
done

# 2. Meta-model: a random search for its settings on the out-of-fold scores, then a training with the best
#    of them.
runs="$out/first-1 $out/first-2 $out/first-3"
"$earmark" stack $runs --recipe argus-2019/2-stack --run "$out/search" --random "$trials" $search --resume $second
"$earmark" stack $runs --recipe "$out/search/best.toml" --run "$out/stack" --resume

# 3. Blend: the runs that score best together, and what choosing them is worth.
"$earmark" blend $runs "$out/stack" --select -o "$out/oof.csv" --chosen "$out/chosen.txt"

# 4. Submission: the geometric mean of the chosen ones.
"$earmark" predict $(cat "$out/chosen.txt") --data "$data" --format kaggle2019 -o "$out/submission.csv"
