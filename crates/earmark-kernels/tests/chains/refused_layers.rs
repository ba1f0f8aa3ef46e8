//! Layers that make no chain.

use super::layer;
use earmark_kernels::chain::{Chain, ChainError, ConvKind};
use earmark_kernels::{Activation, ConvWindow};

#[test]
fn layers_that_do_not_follow_are_refused_with_their_place() {
    let relu = Activation::Relu;
    assert_eq!(Chain::new([4, 4], vec![]), Err(ChainError::Empty));
    let wrong = Chain::new(
        [4, 4],
        vec![
            layer(ConvKind::Pointwise, 2, 3, relu),
            layer(ConvKind::Pointwise, 4, 3, relu),
        ],
    );
    assert_eq!(
        wrong,
        Err(ChainError::Channels {
            layer: 1,
            reached: 3,
            declared: (4, 3)
        })
    );
    let large = Chain::new(
        [4, 2],
        vec![layer(
            ConvKind::Dense(ConvWindow::valid([3, 3], [1, 1])),
            2,
            3,
            relu,
        )],
    );
    assert_eq!(
        large,
        Err(ChainError::Window {
            layer: 0,
            size: [4, 2]
        })
    );
    assert!(large.expect_err("refused").to_string().contains("4 x 2"));
}
