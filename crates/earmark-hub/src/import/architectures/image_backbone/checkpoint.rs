//! Reads the backbone's checkpoint: torchvision's state dict, or Keras's weights as a safetensors file.

use super::library::{Library, keras_block};
use crate::import::ImportError;
use crate::import::tensors::{Checkpoint, without_wrappers};
use earmark_engine::{HostTensor, read_foreign_tensors};
use earmark_torch::{DType, TorchTensor};
use std::io::Read;
use std::path::Path;

/// A Keras name in the form of Keras-Applications 1.0.3 and later: the last two parts of a path, without `:0`. The published files
/// still hold the older names, `mobl3_conv_3_expand` and `bn3_conv_3_bn_expand`.
fn keras_name(name: &str) -> Option<String> {
    let name = name.strip_suffix(":0").unwrap_or(name).replace('.', "/");
    let mut parts = name.rsplit('/');
    let (variable, layer) = (parts.next()?, parts.next()?);
    let variable = match variable {
        "depthwise_kernel" => "kernel",
        other => other,
    };
    let first_name = |begin: &str, between: &str, end: &str| {
        let (number, rest) = layer.strip_prefix(begin)?.split_once("_conv_")?;
        let (again, part) = rest.split_once(between)?;
        let block = keras_block(number.parse().ok().filter(|_| number == again)?);
        Some(format!("{block}{part}{end}"))
    };
    let layer = first_name("bn", "_bn_", "_BN")
        .or_else(|| first_name("mobl", "_", ""))
        .unwrap_or_else(|| layer.into());
    Some(format!("{layer}/{variable}"))
}

/// A kernel in our layout. Keras's are `[height, width, in, out]`, depthwise `[height, width, channels, 1]`; ours are
/// `[out, in, height, width]`, depthwise `[channels, 1, height, width]`.
fn our_layout(layer: &str, mut tensor: TorchTensor) -> TorchTensor {
    let (&[h, w, a, b], Some(values)) = (&tensor.shape[..], &tensor.values) else {
        return tensor;
    };
    let depthwise = layer.contains("depthwise");
    let (outer, inner) = if depthwise { (a, b) } else { (b, a) };
    let mut transposed = Vec::with_capacity(values.len());
    for o in 0..outer {
        for i in 0..inner {
            let (a_at, b_at) = if depthwise { (o, i) } else { (i, o) };
            transposed.extend((0..h * w).map(|pixel| values[(pixel * a + a_at) * b + b_at]));
        }
    }
    (tensor.shape, tensor.values) = (vec![outer, inner, h, w], Some(transposed));
    tensor
}

/// The tensors of a file and the library whose names it uses; Keras's kernels in our layout.
pub(super) fn read(path: &Path) -> Result<(Library, Checkpoint), ImportError> {
    let mut head = Vec::new();
    if let Ok(file) = std::fs::File::open(path) {
        // The reader below reports errors.
        let _ = file.take(9).read_to_end(&mut head);
    }
    if head.starts_with(b"\x89HDF") {
        return Err(ImportError::Hdf5 { path: path.into() });
    }
    // The length of a header of JSON, and its first brace.
    let safetensors = head.len() == 9 && head[4..8] == [0; 4] && head[8] == b'{';
    let tensors: Checkpoint = if safetensors {
        let to_torch = |(name, HostTensor { shape, values })| {
            let (dtype, values) = (DType::F32, Some(values));
            (name, TorchTensor { dtype, shape, values })
        };
        read_foreign_tensors(path)?.into_iter().map(to_torch).collect()
    } else {
        earmark_torch::read(path)?.into_iter().collect()
    };
    let tensors = without_wrappers(tensors);
    let library = Library::of(&tensors);
    if library == Library::Torchvision {
        return Ok((library, tensors));
    }
    let named = tensors.into_iter().map(|(name, tensor)| {
        let name = keras_name(&name).unwrap_or(name);
        let tensor = our_layout(&name, tensor);
        (name, tensor)
    });
    Ok((library, named.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_generations_of_keras_names_are_read() {
        for (name, wanted) in [
            ("Conv1/kernel", "Conv1/kernel"),
            ("Conv1/Conv1/kernel:0", "Conv1/kernel"),
            ("mobilenetv2_1.00_224/bn_Conv1/gamma:0", "bn_Conv1/gamma"),
            (
                "expanded_conv_depthwise/depthwise_kernel:0",
                "expanded_conv_depthwise/kernel",
            ),
            (
                "mobl0_conv_0_depthwise/depthwise_kernel",
                "expanded_conv_depthwise/kernel",
            ),
            (
                "bn0_conv_0_bn_project/moving_mean:0",
                "expanded_conv_project_BN/moving_mean",
            ),
            ("mobl12_conv_12_expand/kernel:0", "block_12_expand/kernel"),
            ("bn12_conv_12_bn_depthwise/beta:0", "block_12_depthwise_BN/beta"),
            ("Conv_1_bn.moving_variance", "Conv_1_bn/moving_variance"),
        ] {
            assert_eq!(keras_name(name).as_deref(), Some(wanted), "{name}");
        }
        assert_eq!(keras_name("kernel"), None);
    }

    /// `[h, w, in, out] = [1, 2, 2, 3]` and `[h, w, channels, 1] = [1, 2, 3, 1]`, by hand.
    #[test]
    fn kernels_are_transposed() {
        let tensor = |shape: [usize; 4]| TorchTensor {
            dtype: DType::F32,
            shape: shape.into(),
            values: Some((0..shape.iter().product()).map(|v: usize| v as f32).collect()),
        };
        let transposed = our_layout("block_1_expand/kernel", tensor([1, 2, 2, 3]));
        assert_eq!(transposed.shape, [3, 2, 1, 2]);
        let want = [0., 6., 3., 9., 1., 7., 4., 10., 2., 8., 5., 11.];
        assert_eq!(transposed.values.unwrap(), want);
        let transposed = our_layout("block_1_depthwise/kernel", tensor([1, 2, 3, 1]));
        assert_eq!(transposed.shape, [3, 1, 1, 2]);
        assert_eq!(transposed.values.unwrap(), [0., 3., 1., 4., 2., 5.]);
    }
}
