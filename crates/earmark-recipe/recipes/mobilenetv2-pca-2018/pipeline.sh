#!/bin/sh
# mobilenetv2-pca-2018 from a data folder in FSDKaggle2018's layout to a submission, the counterpart of the
# original's run_all.sh:
#
#   sh pipeline.sh DATA OUT             as published, ten folds of two stages: days on a GPU, weeks on a CPU
#   QUICK=1 sh pipeline.sh DATA OUT     a tiny network, two folds and few epochs: to see it run, in minutes
#
# Interrupt it when you like and start it again: it resumes. OUT may not contain spaces.
set -euf
data=${1:?usage: sh pipeline.sh DATA OUT}
out=${2:?usage: sh pipeline.sh DATA OUT}
case $out in *' '*) echo "error: OUT may not contain spaces: $out" >&2; exit 1 ;; esac
earmark=${EARMARK:-earmark}
# Other keys for both stages, such as KEYS="--set batches.size=32", and for the second alone.
keys=${KEYS:-}
full=${FULL:-}
if [ -n "${QUICK:-}" ]; then
    keys="--set network.width=0.25 --set network.hidden=[64,32] --set network.batch-norm-decay=0.9 --set batches.size=16 --set folds.count=2
        --set batches.length.min-frames=64 --set batches.length.max-frames=128 --set checkpoints.every-steps=8
        --set front-end.segments.length-frames=128 --set front-end.segments.hop-frames=128
        --set predict.random-crops={frames=[64,96,128],crops=2} --set validation.random-crops={frames=[64,128],crops=1}
        --set train.phases=[{epochs=4,schedule={kind=\"triangular\",peak-rate=3e-3,half-cycle-epochs=1}},{epochs=2,begin=\"best\",schedule={kind=\"plateau\",factor=0.1,patience=3}}] $keys"
    full="--set network.clip-features=16 $full"
fi
mkdir -p "$out"

# 1. Each fold with images alone.
"$earmark" train mobilenetv2-pca-2018/1-mel --data "$data" --run "$out/mel" --folds all --resume $keys

# 2. Each fold again, with the components of its clips' handcrafted features, started from the weights of
#    the same fold.
"$earmark" train mobilenetv2-pca-2018/2-full --data "$data" --run "$out/full" --folds all --resume --init-from "$out/mel" $keys $full

# 3. Submission: the geometric mean over folds, lengths and crops; the best three labels of each recording.
"$earmark" predict "$out/full" --data "$data" --format kaggle2018 -o "$out/submission.csv"
