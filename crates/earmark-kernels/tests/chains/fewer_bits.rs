//! Chains whose products are of fewer bits: close to the oracle, the same bits however they are cut, and only where the
//! processor has the instructions.

use super::channels_last::{pools, random_chain};
use super::oracle::{Rng, error, f64s};
use super::{Values, borrow, chains, conv_of, forward, layer, random_params};
use earmark_kernels::chain::{Chain, ConvKind, InferenceChain, MovingStatistics};
use earmark_kernels::elementwise::pool::Pool;
use earmark_kernels::{Activation, ConvWindow, Isa, Products, Workspace};

/// What a processor may lack, with what its results may be off by, relative to the largest of a channel's plane: some
/// roundings of 2^-9 (bfloat16) or of half a 255th of a pixel's range (bytes), which mostly cancel in a sum.
fn all(limit: Isa) -> Vec<(&'static str, Products, f64)> {
    let found = [
        ("bf16", Products::bf16(limit), 0.02),
        ("int8", Products::int8(limit), 0.04),
    ];
    let here = found.into_iter();
    here.filter_map(|(name, products, tolerance)| Some((name, products?, tolerance)))
        .collect()
}

fn widest() -> Isa {
    Isa::available().pop().expect("one at least")
}

/// Chains with layers of enough channels to gain, computed in both layouts.
fn wide_chains() -> Vec<Chain> {
    let same = |stride, size| ConvWindow::same([3, 3], [stride; 2], size);
    let relu = Activation::Relu;
    let all = [
        (
            [13, 18],
            vec![
                layer(ConvKind::Dense(same(1, [13, 18])), 1, 16, relu),
                layer(ConvKind::Depthwise(same(1, [13, 18])), 16, 16, relu),
                layer(ConvKind::Pointwise, 16, 50, relu),
                layer(ConvKind::Depthwise(same(2, [13, 18])), 50, 50, relu),
                layer(ConvKind::Pointwise, 50, 70, Activation::HardSwish),
                layer(ConvKind::Pointwise, 70, 33, Activation::Identity),
            ],
        ),
        // An expansion that reads planes with channels outermost.
        (
            [9, 11],
            vec![
                layer(ConvKind::Pointwise, 21, 67, Activation::Relu6),
                layer(
                    ConvKind::Depthwise(same(2, [9, 11])),
                    67,
                    67,
                    Activation::HardSwish,
                ),
                layer(ConvKind::Pointwise, 67, 19, Activation::Identity),
                // Rows of 256 channels are padded by a panel, which is a piece of its own.
                layer(ConvKind::Pointwise, 19, 256, relu),
                layer(ConvKind::Pointwise, 256, 18, relu),
            ],
        ),
        // Without a gain from channels last: the product's columns are pixels.
        (
            [17, 23],
            vec![layer(ConvKind::Pointwise, 40, 75, Activation::HardSwish)],
        ),
        (
            [6, 7],
            vec![
                layer(ConvKind::Pointwise, 18, 90, relu),
                layer(ConvKind::Depthwise(same(1, [6, 7])), 90, 90, relu),
            ],
        ),
    ];
    all.into_iter()
        .map(|(size, layers)| Chain::new(size, layers).expect("the layers follow each other"))
        .collect()
}

/// Parameters and moving statistics of a chain.
struct Filled {
    params: Vec<[Vec<f32>; 3]>,
    moving: Vec<[Vec<f32>; 2]>,
}

impl Filled {
    fn draw(chain: &Chain, rng: &mut Rng) -> Self {
        let params = random_params(chain, rng);
        let moving = chain.layers().iter().map(|l| {
            let scale = l.weights() as f32 / l.outputs as f32;
            [
                rng.vec(l.outputs),
                (0..l.outputs).map(|_| scale * (rng.f32().abs() + 0.2)).collect(),
            ]
        });
        Self {
            moving: moving.collect(),
            params,
        }
    }

    fn ready(&self, ws: &Workspace, chain: &Chain, products: Products) -> InferenceChain {
        let statistics: Vec<MovingStatistics<'_>> = (self.moving.iter())
            .map(|[mean, variance]| MovingStatistics { mean, variance })
            .collect();
        InferenceChain::with_products(ws, chain, &borrow(&self.params), &statistics, products)
    }

    /// In double precision.
    fn exact(&self, chain: &Chain, x: &[f32], batch: usize) -> Vec<f64> {
        let params: Vec<Values> = self
            .params
            .iter()
            .map(|p| p.each_ref().map(|v| f64s(v)))
            .collect();
        let pairs = |[mean, variance]: &[Vec<f32>; 2]| -> Vec<(f64, f64)> {
            let pairs = mean.iter().zip(variance);
            pairs.map(|(m, v)| (f64::from(*m), f64::from(*v))).collect()
        };
        let fixed: Vec<_> = self.moving.iter().map(pairs).collect();
        let steps = forward(chain, &params, &f64s(x), batch, Some(&fixed));
        steps.last().expect("a layer").out.clone()
    }
}

fn run(ready: &InferenceChain, ws: &Workspace, x: &[f32], len: usize) -> Vec<f32> {
    let mut out = vec![f32::NAN; len];
    ready.run(ws, x, &mut out);
    out
}

#[test]
fn results_are_close_to_the_oracle_and_not_those_of_single_precision() {
    let ws = Workspace::with_isa(widest());
    for (number, chain) in wide_chains().iter().enumerate() {
        let (mut rng, batch) = (Rng(number as u64), 5);
        let filled = Filled::draw(chain, &mut rng);
        let x = rng.vec(conv_of(chain, 0, batch).x_len());
        let want = filled.exact(chain, &x, batch);
        let single = run(&filled.ready(&ws, chain, Products::single()), &ws, &x, want.len());
        for (name, products, tolerance) in all(widest()) {
            let got = run(&filled.ready(&ws, chain, products), &ws, &x, want.len());
            let off = error(&got, &want);
            assert!(off <= tolerance, "chain {number}, {name}: off by {off}");
            assert_ne!(got, single, "chain {number}, {name}");
        }
    }
}

/// Threads, groups of images and strips of rows cut the work differently, and AVX2 does all else.
#[test]
fn any_cut_gives_the_same_bits() {
    let mut rng = Rng(11);
    let mut tried: Vec<Chain> = wide_chains();
    tried.extend(chains());
    while tried.len() < 40 {
        let size = match tried.len() % 8 {
            0 => [rng.pick(60, 100), rng.pick(90, 120)],
            _ => [rng.pick(1, 24), rng.pick(1, 30)],
        };
        tried.extend(random_chain(&mut rng, size, 120));
    }
    for (number, chain) in tried.iter().enumerate() {
        let (filled, batch) = (Filled::draw(chain, &mut rng), rng.pick(1, 10));
        let [h, w] = chain.size(0);
        let x = rng.vec(chain.layers()[0].inputs * batch * h * w);
        let [oh, ow] = chain.output_size();
        let of_one = chain.layers().last().map_or(0, |l| l.outputs) * oh * ow;
        for (name, products, _) in all(widest()) {
            let what = format!("chain {number}, {name}, batch {batch}: {chain:?}");
            let fused = Isa::available().into_iter().filter(|isa| *isa != Isa::portable());
            let mut found: Vec<Vec<f32>> = Vec::new();
            for ws in fused.map(Workspace::with_isa) {
                let ready = filled.ready(&ws, chain, products);
                for pool in pools() {
                    found.push(pool.install(|| run(&ready, &ws, &x, batch * of_one)));
                }
                // The last image alone.
                let last = |all: &[f32], planes: usize, pixels: usize| -> Vec<f32> {
                    let plane = |c: usize| all[(c * batch + batch - 1) * pixels..][..pixels].to_vec();
                    (0..planes).flat_map(plane).collect()
                };
                let alone = last(&x, chain.layers()[0].inputs, h * w);
                let got = run(&ready, &ws, &alone, of_one);
                assert_eq!(got, last(&found[0], of_one / (oh * ow), oh * ow), "{what}");
            }
            assert!(found.iter().all(|other| *other == found[0]), "{what}");
        }
    }
}

#[test]
fn sets_without_the_instructions_have_none() {
    let sets = Isa::available().into_iter().filter(|isa| isa.name() != "avx512");
    for isa in sets {
        assert_eq!(
            (Products::bf16(isa), Products::int8(isa)),
            (None, None),
            "{isa:?}"
        );
    }
    assert_eq!(Products::default(), Products::single());
}

/// A not-a-number is in every number that depends on it.
#[test]
fn a_not_a_number_is_not_hidden() {
    let ws = Workspace::with_isa(widest());
    for chain in wide_chains() {
        let mut rng = Rng(5);
        let filled = Filled::draw(&chain, &mut rng);
        let [h, w] = chain.size(0);
        let mut x = rng.vec(chain.layers()[0].inputs * h * w);
        x[h * w / 2] = f32::NAN;
        for pool in [Pool::Mean, Pool::Max] {
            let chain = chain.clone().pooled(pool, chain.output_size()).expect("it fits");
            for (name, products, _) in all(widest()) {
                let outputs = chain.layers().last().map_or(0, |l| l.outputs);
                let got = run(&filled.ready(&ws, &chain, products), &ws, &x, outputs);
                let broken = got.iter().filter(|v| v.is_nan()).count();
                assert_eq!(broken, outputs, "{name}: {chain:?}");
            }
        }
    }
}
