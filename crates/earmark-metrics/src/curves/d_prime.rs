//! d' from the area under a ROC curve, and the normal quantile that it needs.

/// d' (d prime): how many standard deviations apart two normal score distributions of equal width would be to give this
/// `auc`. It is sqrt(2) x [`probit`]\(auc\), as AudioSet's evaluations report it (Hershey et al., ICASSP 2017).
///
/// `None` where it is not a finite number: at 0 and 1, or outside.
pub fn d_prime(auc: f64) -> Option<f64> {
    probit(auc).map(|quantile| std::f64::consts::SQRT_2 * quantile)
}

/// The standard normal quantile of probability `p`, to about 16 digits; `None` unless 0 < `p` < 1.
///
/// Rational approximations of M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution",
/// Applied Statistics 37 (1988): one for the middle, two for the tails.
pub fn probit(p: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    let centred = p - 0.5;
    if centred.abs() <= 0.425 {
        let r = 0.180625 - centred * centred;
        return Some(centred * rational(r, &MIDDLE));
    }
    let tail = (-p.min(1.0 - p).ln()).sqrt();
    let size = if tail <= 5.0 {
        rational(tail - 1.6, &TAIL)
    } else {
        rational(tail - 5.0, &FAR_TAIL)
    };
    Some(size.copysign(centred))
}

/// Numerator and denominator, lowest power first.
type Rational = [[f64; 8]; 2];

const MIDDLE: Rational = [
    [
        3.387_132_872_796_366_5,
        133.141_667_891_784_38,
        1_971.590_950_306_551_3,
        13_731.693_765_509_46,
        45_921.953_931_549_87,
        67_265.770_927_008_7,
        33_430.575_583_588_13,
        2_509.080_928_730_122_7,
    ],
    [
        1.0,
        42.313_330_701_600_91,
        687.187_007_492_057_9,
        5_394.196_021_424_751,
        21_213.794_301_586_597,
        39_307.895_800_092_71,
        28_729.085_735_721_943,
        5_226.495_278_852_854,
    ],
];

const TAIL: Rational = [
    [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        0.241_780_725_177_450_6,
        0.022_723_844_989_269_184,
        7.745_450_142_783_414e-4,
    ],
    [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        0.689_767_334_985_1,
        0.148_103_976_427_480_08,
        0.015_198_666_563_616_457,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ],
];

const FAR_TAIL: Rational = [
    [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        0.296_560_571_828_504_87,
        0.026_532_189_526_576_124,
        0.001_242_660_947_388_078_4,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288e-7,
    ],
    [
        1.0,
        0.599_832_206_555_888,
        0.136_929_880_922_735_8,
        0.014_875_361_290_850_615,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ],
];

fn rational(x: f64, [top, bottom]: &Rational) -> f64 {
    let horner = |terms: &[f64; 8]| terms.iter().rev().fold(0.0, |sum, term| sum * x + term);
    horner(top) / horner(bottom)
}
