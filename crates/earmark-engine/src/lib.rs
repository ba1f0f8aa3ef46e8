//! Training and scoring: losses, optimisers, the training loop, checkpoints, scores of clips, evaluation.
//!
//! [`fit`] trains, [`Scorer`] scores clips, [`evaluation`] evaluates every checkpoint of a run; they share [`ModelFile`].
//!
//! | folder | for |
//! |---|---|
//! | `training` | `[train]` and `[validation]`, phases, the training loop, its logs |
//! | `optim` | optimisers, gradient clipping, learning-rate schedules |
//! | `loss` | losses, class weights, noisy labels |
//! | `init` | warm start from another model, the scaler of the input |
//! | [`checkpoint`] | model files, the state to resume from, TensorBoard events |
//! | `scoring` | scores of clips, random crops, evaluation of checkpoints |
//! | `probe` | linear probes on embeddings |

pub mod checkpoint;
mod init;
mod loss;
mod optim;
mod probe;
mod scoring;
mod training;

pub use checkpoint::{
    BestCheckpoint, CheckpointConfig, EventWriter, FORMAT, HostTensor, KeepCheckpoints, ModelFile,
    ModelFileError, ModelMeta, Tensors, TrainingProgress, read_foreign_tensors, read_tensors, write_tensors,
};
pub use earmark_kernels::hardware::freed_memory::{keep_freed_memory, raise_freed_memory_thresholds};
pub use init::{
    InputScalerError, ParameterPrefixes, StartConfig, TransferReport, WarmStartError, fit_scaler, has_prefix,
    transfer_scaler, warm_start,
};
pub use loss::{ClassWeights, Loss};
pub use optim::{
    AdamConfig, EpsilonRule, GradientClip, LayerRate, Optimizer, OptimizerConfig, PlateauState, Schedule,
    SgdConfig, TrainingPosition,
};
pub use probe::{LinearProbe, LinearProbeData};
pub use scoring::{
    CropMean, RandomCrops, RowScorer, ScoreError, ScoreJob, Scorer, ScorerOutput, SegmentBatch,
    SegmentPasses, SegmentScores, evaluation,
};
pub use training::{
    Begin, DistilConfig, FitError, FitEvent, FitJob, FitOutcome, Phase, PrefixError, StepResult, Throughput,
    TrainConfig, TrainPrecision, TrainStep, UnreadResult, Validate, ValidationConfig, ValidationMetric,
    ValidationSplit, check_prefixes, events_path, fit, metrics_path, train_step, train_step_unread,
};
