#!/bin/sh
# The ensemble of argus-2019 from a data folder in FSDKaggle2019's layout to a submission: seven base
# models and three meta-models, five folds each, and the geometric mean of the ten. The counterpart of the
# original's ensemble_pipeline.sh.
#
#   sh ensemble.sh DATA OUT             as published: weeks on a GPU
#   QUICK=1 sh ensemble.sh DATA OUT     tiny networks and few steps, for the set that `earmark demo`
#                                       makes: minutes
#
# Interrupt it when you like and start it again: it resumes, and ends with the same bytes. EARMARK names
# the program where it is not on the path. CORRECTIONS is a folder of corrections to be taken instead of
# the six files that the program carries; runs keep copies of what they began with. FIRST and SECOND set
# other keys of the base models and of the meta-models.
set -euf
data=${1:?usage: sh ensemble.sh DATA OUT}
out=${2:?usage: sh ensemble.sh DATA OUT}
case $out in *' '*) echo "error: OUT may not contain spaces: $out" >&2; exit 1 ;; esac
earmark=${EARMARK:-earmark}
corrections=${CORRECTIONS:-}
# Such as FIRST="--set batches.size=64 --set train.steps=358400".
first=${FIRST:-}
second=${SECOND:-}
mkdir -p "$out"
if [ -n "${QUICK:-}" ]; then
    first="--set network.base=4 --set train.steps=240 --set train.learning-rate=3e-3 --set batches.size=16
        --set batches.sample.items=320 --set checkpoints.every-steps=60 --set folds.count=3
        --set front-end.mel.bands=32 --set front-end.segments.length-frames=64 --set front-end.segments.hop-frames=64
        --set predict.segments.length-frames=64 --set predict.segments.hop-frames=64
        --set predict.out-of-fold-segments.length-frames=64 --set predict.out-of-fold-segments.hop-frames=32
        --set validation.segments.length-frames=64 --set validation.segments.hop-frames=64 $first"
    # The published rates are for 5,000 clips and 256 steps per epoch.
    second="--set network.base=64 --set train.epochs=60 --set train.learning-rate=2e-3 --set batches.size=16
        --set batches.sample.items=128 --set checkpoints.every-steps=8 $second"
    # The published corrections name clips of FSDKaggle2019. These name clips of any set: each file leaves
    # one of DATA's curated clips out, and the labels that it gives are those of DATA.
    corrections=$out/corrections
    mkdir -p "$corrections"
    # The file of a row of a table, between quotes; and the same with its labels.
    file() { sed -n "$2s/^\([^,]*\),.*/\"\1\"/p" "$data/$1.csv"; }
    row() { sed -n "$2s/\"//g;$2s/^\([^,]*\),\(.*\)/\"\1\": \"\2\"/p" "$data/$1.csv" | tr -d '\r'; }
    line=2
    for name in 05a7aee7 31156c79 9639288b 1fb2eea4; do
        printf '{%s: "remove", %s}\n' "$(file train_curated $line)" "$(row train_curated $((line + 4)))" \
            > "$corrections/corrections-$name.json"
        line=$((line + 1))
    done
    printf '{%s, %s}\n' "$(row train_noisy 3)" "$(row train_noisy 4)" > "$corrections/noisy-corrections-1fb2eea4.json"
    printf '{%s: "remove", %s, %s}\n' "$(file train_noisy 2)" "$(row train_noisy 3)" "$(row train_noisy 4)" \
        > "$corrections/noisy-corrections-bdb91501.json"
fi
# What is relative to here is not relative to DATA.
case $corrections in '' | /*) ;; *) corrections=$PWD/$corrections ;; esac

# 1. Base models: five folds of each, drawn alike over all curated clips.
runs=
for name in auxiliary-016 auxiliary-019 corr-noisy-003 corr-noisy-004 corr-noisy-007 corrections-002 corrections-003; do
    "$earmark" train argus-2019/$name --data "$data" --run "$out/$name" --folds all --resume \
        ${corrections:+--set "data.corrections-folder=$corrections"} $first
    runs="$runs $out/$name"
done

# 2. Meta-models on the scores of all segments of the curated clips, each by the fold that was not trained
#    on it: computed and kept in each run when the first meta-model asks for them.
metas=
for name in stacking-008-43040 stacking-008-45041 stacking-008-50013; do
    "$earmark" stack $runs --recipe argus-2019/$name --run "$out/$name" --resume \
        ${corrections:+--set "stack.corrections-folder=$corrections"} $second
    metas="$metas $out/$name"
done

# 3. Submission: the test clips scored by each fold of the seven, once, and by the three on these scores;
#    the geometric mean over folds and over the ten.
"$earmark" predict $runs $metas --data "$data" --format kaggle2019 -o "$out/submission.csv"
