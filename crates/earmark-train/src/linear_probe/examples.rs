//! What a probe is fitted to: clips and pieces of background, with the features of the network's last layers.

use crate::PipelineError;
use crate::evaluation::with_truth;
use earmark_core::rows;
use earmark_data::Item;
use earmark_engine::{LinearProbe, LinearProbeData};
use earmark_metrics::{Aligned, ScoreTable};
use serde::Serialize;
use std::ops::Range;

/// Which features of the network are classified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeLayer {
    /// What the last layer takes.
    Last,
    /// What the hidden layer before it takes: the network's pooled features.
    Pooled,
}

impl ProbeLayer {
    /// In words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Last => "last layer",
            Self::Pooled => "pooled features",
        }
    }
}

/// The features of one layer.
pub(super) struct LayerFeatures {
    pub layer: ProbeLayer,
    pub width: usize,
    /// Where they are in a row of the network's output.
    columns: Range<usize>,
    /// Those of each segment, row-major, one example after the other.
    segments: Vec<f32>,
    /// The mean over the segments of each example, `[examples, width]`.
    means: Vec<f32>,
}

impl LayerFeatures {
    pub fn new(layer: ProbeLayer, columns: Range<usize>) -> Self {
        Self {
            layer,
            width: columns.len(),
            columns,
            segments: Vec::new(),
            means: Vec::new(),
        }
    }
}

/// What a copy is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ExampleCopy {
    /// The example that is copied.
    pub origin: usize,
    /// The piece of background that it is mixed with.
    pub mixed_with: Option<usize>,
}

/// Clips and pieces of background in one order, and copies of them at the end.
pub(super) struct Examples {
    pub classes: Vec<String>,
    /// Whether each clip has exactly one class: a softmax is fitted, else a sigmoid for each class.
    pub single_label: bool,
    /// Name, labels, fold and group of each. Background has no labels; what has no fold is trained on in all folds.
    pub items: Vec<Item>,
    pub layers: Vec<LayerFeatures>,
    /// The first segment of each, and the number of all at the end.
    starts: Vec<usize>,
    /// What each of the last examples is made of.
    copies: Vec<ExampleCopy>,
}

impl Examples {
    pub fn new(classes: Vec<String>, single_label: bool, layers: Vec<LayerFeatures>) -> Self {
        Self {
            classes,
            single_label,
            items: Vec::new(),
            layers,
            starts: vec![0],
            copies: Vec::new(),
        }
    }

    /// Number of all examples, copies included.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Number of those that are not copies, which come first.
    pub fn originals(&self) -> usize {
        self.len() - self.copies.len()
    }

    /// The copies, in the order of their examples.
    pub fn copies(&self) -> &[ExampleCopy] {
        &self.copies
    }

    /// Adds an example, given by the features of its segments: each row is one of the network's output.
    pub fn push(&mut self, item: Item, segments: &[&[f32]]) {
        for layer in &mut self.layers {
            let columns = layer.columns.clone();
            let parts = segments.iter().map(|row| &row[columns.clone()]);
            parts
                .clone()
                .for_each(|part| layer.segments.extend_from_slice(part));
            layer.means.extend(rows::mean(parts).unwrap_or_default());
        }
        self.starts
            .push(self.starts[self.starts.len() - 1] + segments.len());
        self.items.push(item);
    }

    /// Adds a copy of an example, with its labels, fold and group; nothing but copies may follow.
    pub fn push_copy(&mut self, copy: ExampleCopy, segments: &[&[f32]]) {
        let origin = &self.items[copy.origin];
        let item = Item {
            file: format!("{}, copy {}", origin.file, self.copies.len() + 1),
            ..origin.clone()
        };
        self.push(item, segments);
        self.copies.push(copy);
    }

    /// The same features with other classes and labels; without copies and examples that have no labels.
    pub fn relabelled(
        &self,
        classes: Vec<String>,
        single_label: bool,
        labels: &[Option<Vec<usize>>],
    ) -> Self {
        let layers = self.layers.iter();
        let layers = layers.map(|from| LayerFeatures::new(from.layer, from.columns.clone()));
        let mut all = Self::new(classes, single_label, layers.collect());
        let labelled = labels.iter().take(self.originals()).enumerate();
        for (i, labels) in labelled.filter_map(|(i, labels)| Some((i, labels.as_ref()?))) {
            let segments = self.starts[i]..self.starts[i + 1];
            for (to, from) in all.layers.iter_mut().zip(&self.layers) {
                let width = from.width;
                let rows = segments.start * width..segments.end * width;
                to.segments.extend_from_slice(&from.segments[rows]);
                to.means
                    .extend_from_slice(&from.means[i * width..(i + 1) * width]);
            }
            all.starts.push(all.starts[all.starts.len() - 1] + segments.len());
            all.items.push(Item {
                labels: labels.clone(),
                ..self.items[i].clone()
            });
        }
        all
    }

    /// Some of the originals with the copies that are on their side of a split: copies of one of them that are mixed
    /// with another of them, or with nothing.
    pub fn with_copies(&self, originals: &[usize]) -> Vec<usize> {
        let mut is_in = vec![false; self.originals()];
        originals.iter().for_each(|&i| is_in[i] = true);
        let copies = self.copies.iter().zip(self.originals()..);
        let own =
            copies.filter(|(copy, _)| is_in[copy.origin] && copy.mixed_with.is_none_or(|piece| is_in[piece]));
        originals.iter().copied().chain(own.map(|(_, i)| i)).collect()
    }

    /// Whether an example is background.
    pub fn is_background(&self, example: usize) -> bool {
        self.items[example].labels.is_empty()
    }

    /// Number of clips of a class, without copies.
    pub fn clips(&self) -> usize {
        self.originals() - self.background()
    }

    /// Number of pieces of background, without copies.
    pub fn background(&self) -> usize {
        (0..self.originals()).filter(|&i| self.is_background(i)).count()
    }

    /// Features of a layer and targets of some of the examples.
    pub fn data(&self, layer: usize, examples: &[usize]) -> LinearProbeData {
        let LayerFeatures { width, means, .. } = &self.layers[layer];
        let row = |&i: &usize| &means[i * width..(i + 1) * width];
        let targets = |&i: &usize| self.items[i].multi_hot(self.classes.len());
        LinearProbeData {
            x: examples.iter().flat_map(row).copied().collect(),
            width: *width,
            y: examples.iter().flat_map(targets).collect(),
            classes: self.classes.len(),
            single_label: self.single_label,
            within_class: self.single_label,
        }
    }

    /// The scores that a model with this last layer gives some of the examples, `[examples, classes]`: the mean over
    /// their segments.
    pub fn scores(&self, layer: usize, probe: &LinearProbe, examples: &[usize]) -> Vec<f32> {
        let LayerFeatures { width, segments, .. } = &self.layers[layer];
        let of = |i: usize| &segments[self.starts[i] * width..self.starts[i + 1] * width];
        let x: Vec<f32> = examples.iter().flat_map(|&i| of(i)).copied().collect();
        let logits = probe.logits(&x, *width);
        let classes = self.classes.len();
        let each: Vec<Vec<f32>> = logits
            .chunks_exact(classes)
            .map(|row| scores_of(row, self.single_label))
            .collect();
        let mut rest = each.as_slice();
        let mut all = Vec::with_capacity(examples.len() * classes);
        for &i in examples {
            let (own, after) = rest.split_at(self.starts[i + 1] - self.starts[i]);
            rest = after;
            all.extend(rows::mean(own).unwrap_or_default());
        }
        all
    }

    /// Scores of some of the examples, `[examples, classes]`, as a table.
    pub fn table(&self, examples: &[usize], values: Vec<f32>) -> Result<ScoreTable, PipelineError> {
        let files = examples.iter().map(|&i| self.items[i].file.clone()).collect();
        Ok(ScoreTable::new(files, self.classes.clone(), values)?)
    }

    /// The same next to the truth.
    pub fn aligned(&self, examples: &[usize], values: Vec<f32>) -> Result<Aligned, PipelineError> {
        let items: Vec<Item> = examples.iter().map(|&i| self.items[i].clone()).collect();
        Ok(with_truth(self.table(examples, values)?, &items)?)
    }
}

/// Scores from the logits of a segment.
fn scores_of(logits: &[f64], single_label: bool) -> Vec<f32> {
    if !single_label {
        return logits.iter().map(|z| (1.0 / (1.0 + (-z).exp())) as f32).collect();
    }
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = logits.iter().map(|z| (z - most).exp()).sum();
    logits.iter().map(|z| ((z - most).exp() / sum) as f32).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Clips of three classes in turn, each with a group of its own unless said, and in folds 1 to 3; two layers of
    /// which the second tells the classes apart.
    pub fn clips(count: usize, single_label: bool) -> Examples {
        let layers = vec![
            LayerFeatures::new(ProbeLayer::Last, 0..2),
            LayerFeatures::new(ProbeLayer::Pooled, 2..5),
        ];
        let classes = ["a", "b", "c"].map(str::to_owned).to_vec();
        let mut all = Examples::new(classes, single_label, layers);
        for i in 0..count {
            let item = Item {
                file: format!("{i}.wav"),
                labels: vec![i % 3],
                fold: Some(u32::try_from(i / 3 % 3).expect("below 3") + 1),
                ..Item::default()
            };
            let noise = |k: usize| ((i * 7 + k * 13) % 11) as f32 / 11.0;
            let own = |class: usize| noise(class) + 2.0 * f32::from(u8::from(i % 3 == class));
            let row = [noise(5), noise(6), own(0), own(1), own(2)];
            let other = [noise(7), noise(8), own(0) + 0.5, own(1) + 0.5, own(2) + 0.5];
            all.push(item, &[&row, &other]);
        }
        all
    }

    /// A layer alone has its own part of each row.
    #[test]
    fn a_layer_alone_has_its_own_features() {
        let layers = vec![LayerFeatures::new(ProbeLayer::Pooled, 2..5)];
        let mut all = Examples::new(vec!["a".into()], true, layers);
        let rows = [[1.0_f32, 2.0, 3.0, 4.0, 5.0], [0.0, 0.0, 1.0, 2.0, 3.0]];
        all.push(Item::default(), &rows.each_ref().map(|row| &row[..]));
        assert_eq!(all.data(0, &[0]).x, [2.0, 3.0, 4.0]);
    }

    /// The same, independent and with a piece of background for each fold, and a copy of each clip that is mixed with
    /// the piece of its fold.
    pub fn clips_with_copies(count: usize) -> Examples {
        let mut all = clips(count, false);
        for fold in 1..=3_u32 {
            let item = Item {
                file: format!("noise {fold}.wav"),
                fold: Some(fold),
                ..Item::default()
            };
            let level = 0.1 * fold as f32;
            all.push(item, &[&[0.3, level, 0.2, level, 0.2]]);
        }
        for origin in 0..count {
            let own = |class: usize| 2.0 * f32::from(u8::from(origin % 3 == class)) + 0.2;
            let copy = ExampleCopy {
                origin,
                mixed_with: Some(count + origin / 3 % 3),
            };
            all.push_copy(copy, &[&[0.5, 0.4, own(0), own(1), own(2)]]);
        }
        all
    }

    #[test]
    fn a_copy_is_on_a_side_of_a_split_where_all_that_it_is_made_of_is() {
        let mut all = clips_with_copies(9);
        assert_eq!(
            (all.len(), all.originals(), all.clips(), all.background()),
            (21, 12, 9, 3)
        );
        assert_eq!(all.copies().len(), 9);
        assert_eq!(all.items[12].file, "0.wav, copy 1");
        let copy = &all.items[16];
        assert_eq!((copy.fold, copy.labels.as_slice()), (Some(2), [1].as_slice()));
        // Clips 0 to 2 are in fold 1 with the piece 9, and 3 to 5 in fold 2 with the piece 10.
        assert_eq!(all.with_copies(&[0, 2, 3, 9]), [0, 2, 3, 9, 12, 14]);
        all.push_copy(
            ExampleCopy {
                origin: 3,
                mixed_with: None,
            },
            &[&[0.0; 5]],
        );
        assert_eq!(all.with_copies(&[3, 9]), [3, 9, 21], "mixed with nothing");
        assert_eq!(clips(9, true).with_copies(&[4, 2]), [4, 2]);
    }

    #[test]
    fn an_example_is_the_mean_of_its_segments() {
        let clips = clips(6, true);
        let data = clips.data(1, &[4, 0]);
        assert_eq!((data.clips(), data.width), (2, 3));
        assert_eq!(data.y, [0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
        let segments = &clips.layers[1].segments[8 * 3..10 * 3];
        for (k, x) in data.x[..3].iter().enumerate() {
            let mean = (segments[k] + segments[3 + k]) / 2.0;
            assert!((x - mean).abs() < 1e-6);
        }
    }

    #[test]
    fn scores_are_means_over_segments() {
        let clips = clips(6, true);
        let probe = LinearProbe {
            weight: vec![1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            bias: vec![0.0; 3],
        };
        let got = clips.scores(1, &probe, &[2]);
        let segments = &clips.layers[1].segments[4 * 3..6 * 3];
        let softmax = |row: &[f32]| {
            let sum: f64 = row.iter().map(|z| f64::from(*z).exp()).sum();
            row.iter()
                .map(|z| f64::from(*z).exp() / sum)
                .collect::<Vec<f64>>()
        };
        let (first, second) = (softmax(&segments[..3]), softmax(&segments[3..]));
        for (got, (first, second)) in got.iter().zip(first.into_iter().zip(second)) {
            let want = f64::midpoint(first, second);
            assert!((f64::from(*got) - want).abs() < 1e-6, "{got}, {want}");
        }
    }
}
