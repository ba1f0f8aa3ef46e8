"""Small PyTorch checkpoints in both formats, to read.

Pinned: torch 2.15.0.
Usage:  python xtask/golden/torch_files.py
Writes: crates/earmark-torch/tests/golden/*.pt; element i (row-major) of tensor k is (i - 3) / 2^k, exact in all float types
- plain.pt    a state dict with its attributes, float32, float16, bfloat16, float64, a transposed view, a part of a storage,
              a number without dimensions, an empty tensor, whole numbers
- nested.pt   the same under the key `model` next to other things, as trainings save it, with parameters
- legacy.pt   the nested one in the format before PyTorch 1.6
- code.pt     asks for a function that is not part of a state dict
"""

import collections
import os
import pathlib

import torch

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-torch/tests/golden"


def ramp(k, *shape, dtype=torch.float32):
    count = torch.Size(shape).numel()
    return ((torch.arange(count, dtype=torch.float64) - 3) / 2**k).reshape(shape).to(dtype)


def tensors():
    wide = ramp(4, 3, 4)
    return collections.OrderedDict(
        [
            ("single.weight", ramp(0, 2, 3, 2)),
            ("half", ramp(1, 5, dtype=torch.float16)),
            ("brain", ramp(2, 5, dtype=torch.bfloat16)),
            ("double", ramp(3, 2, 2, dtype=torch.float64)),
            ("transposed", wide.T),
            ("part", wide[1:, 1:3]),
            ("scalar", ramp(5)),
            ("empty", torch.zeros(0, 3)),
            ("bn.num_batches_tracked", torch.tensor(7)),
        ]
    )


class Code:
    def __reduce__(self):
        return os.getcwd, ()


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    layer = torch.nn.Linear(2, 1)
    with torch.no_grad():
        layer.weight.copy_(ramp(6, 1, 2))
        layer.bias.copy_(ramp(7, 1))
    plain = tensors()
    plain._metadata = layer.state_dict()._metadata
    torch.save(plain, OUT / "plain.pt")
    inner = tensors()
    inner["linear.weight"] = layer.weight
    nested = {"epoch": 12, "rate": 0.5, "name": "x", "best": None, "steps": [1, -2, 300, 70000, 2**40], "model": inner}
    torch.save(nested, OUT / "nested.pt")
    torch.save(nested, OUT / "legacy.pt", _use_new_zipfile_serialization=False)
    torch.save({"weight": ramp(0, 2), "code": Code()}, OUT / "code.pt")
    for path in sorted(OUT.glob("*.pt")):
        print(path.name, path.stat().st_size)


if __name__ == "__main__":
    main()
