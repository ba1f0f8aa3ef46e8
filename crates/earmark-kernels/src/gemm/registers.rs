//! What happens to a block of a product while it is in vector registers.

use crate::elementwise::activation::Activation;

/// Means, scales and shifts of the block's channels.
pub(crate) type Last = ([*const f32; 3], Activation);

/// Does something with the place of every vector of a block. The loops are over indices, which the compiler unrolls, so
/// that the block stays in registers.
#[cfg(target_arch = "x86_64")]
macro_rules! each {
    ($acc:ident, ($r:ident, $i:ident, $j:ident) => $what:expr) => {
        for $r in 0..$acc.len() {
            for $i in 0..MR {
                for $j in 0..$acc[0][0].len() {
                    $what;
                }
            }
        }
    };
}
#[cfg(target_arch = "x86_64")]
pub(crate) use each;

/// Normalises and activates a block of `R` panels of rows by `C` of columns in AVX-512's registers.
#[cfg(target_arch = "x86_64")]
macro_rules! finish_in_registers {
    ($acc:ident, $C:ident, $R:ident, $finish:expr) => {
        if let Some((values, act)) = $finish {
            use std::arch::x86_64::{
                _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps,
                _mm512_set1_ps, _mm512_setzero_ps, _mm512_sub_ps,
            };
            use $crate::elementwise::activation::Activation;
            for j in 0..$C {
                // SAFETY: the values of all channels of the panels.
                let [mean, scale, shift] = values.map(|v| unsafe { _mm512_loadu_ps(v.add(j * NR)) });
                for r in 0..$R {
                    for i in 0..MR {
                        $acc[r][i][j] = _mm512_fmadd_ps(_mm512_sub_ps($acc[r][i][j], mean), scale, shift);
                    }
                }
            }
            // The second operand is the result where one is not a number, and where both are zero.
            let (zero, six) = (_mm512_setzero_ps(), _mm512_set1_ps(6.0));
            match act {
                Activation::Identity => {}
                Activation::Relu => {
                    each!($acc, (r, i, j) => $acc[r][i][j] = _mm512_max_ps(zero, $acc[r][i][j]));
                }
                Activation::Relu6 => {
                    each!($acc, (r, i, j) => {
                        $acc[r][i][j] = _mm512_min_ps(six, _mm512_max_ps(zero, $acc[r][i][j]));
                    });
                }
                Activation::HardSwish => {
                    let (three, sixth) = (_mm512_set1_ps(3.0), _mm512_set1_ps(1.0 / 6.0));
                    each!($acc, (r, i, j) => {
                        let v = $acc[r][i][j];
                        let gate = _mm512_min_ps(six, _mm512_max_ps(zero, _mm512_add_ps(v, three)));
                        $acc[r][i][j] = _mm512_mul_ps(_mm512_mul_ps(v, gate), sixth);
                    });
                }
            }
        }
    };
}
#[cfg(target_arch = "x86_64")]
pub(crate) use finish_in_registers;
