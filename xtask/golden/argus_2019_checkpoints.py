"""Checkpoints of argus-2019's three networks in the published form, and the logits that PyTorch computes with them.

Pinned: torch 2.15.0, numpy 2.4.6.
Usage:  python xtask/golden/argus_2019_checkpoints.py
Writes: crates/earmark-hub/tests/golden/argus-2019-{aux,rnn,skip}.pth; argus-2019.json, their main logits by float64

The files are as the training library of the original saves them, with weights by a formula. `aux` is in float16 with
BatchNorm in float32, as mixed precision leaves them, and in the file format of 2019; `rnn` likewise, saved behind
DataParallel; `skip` in float32. The networks have one channel where the published ones have 64, to keep the files small.
"""

import collections
import io
import pathlib
import pickle

import numpy as np
import torch
from torch import nn

import network_fill as nf
from argus_2019_networks import Network

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-hub/tests/golden"
SHAPE, STREAM = (2, 3, 32, 80), 1_000_000


def without_addresses(saved):
    """A file of the older format names its storages by their addresses; here they are numbered in the order of the tensors."""
    stream, sizes = io.BytesIO(saved), {}
    for _ in range(3):
        pickle.load(stream)
    start = stream.seek(0, io.SEEK_CUR)

    class Storages(pickle.Unpickler):
        def find_class(self, module, name):
            if module == "collections":
                return collections.OrderedDict
            return {"HalfStorage": 2, "FloatStorage": 4, "LongStorage": 8}.get(name, lambda *_: None)

        def persistent_load(self, name):
            sizes.setdefault(name[2], name[1])

    Storages(stream).load()
    objects, contents = saved[start : stream.seek(0, io.SEEK_CUR)], {}
    for key in pickle.load(stream):
        count = stream.read(8)
        contents[key] = count + stream.read(int.from_bytes(count, "little") * sizes[key])
    assert not stream.read() and contents.keys() == sizes.keys()
    numbers = {key: str(number).zfill(len(key)) for number, key in enumerate(sizes)}
    for key, number in numbers.items():
        objects = objects.replace(key.encode(), number.encode())
    keys = pickle.dumps(list(numbers.values()), protocol=2)
    return b"".join([saved[:start], objects, keys, *(contents[key] for key in sizes)])


def checkpoint(kind, module, classes, kernel, last_fc, dropout):
    """What the training library saves, and the logits of an input by float64 from the same numbers."""
    network = Network(kind, 1, classes, kernel, last_fc)
    half = kind != "skip"
    for place, (name, tensor) in enumerate(network.state_dict().items()):
        if name.endswith("num_batches_tracked"):
            tensor.fill_(200)
            continue
        vector = tensor.dim() == 1
        scales = vector and len(tensor) > 1 and name.endswith("weight") or name.endswith("running_var")
        # Without training, layers must make up for what those before them lose, and no channel may be 0 everywhere.
        offset = 1.0 if scales else 0.5 if name.endswith(".bias") and "fc." not in name else 0.0
        spread = 0.3 if vector else 2 * (3 / (tensor.numel() / tensor.shape[0])) ** 0.5
        values = (offset + spread * nf.uniform(place, tensor.numel())).astype(np.float32)
        tensor.copy_(torch.from_numpy(values).reshape(tensor.shape))
    if half:
        for layer in network.modules():
            if not isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
                for tensor in layer.parameters(recurse=False):
                    tensor.data = tensor.data.half()
    state = network.state_dict()
    if kind == "rnn":
        state = nn.DataParallel(network).state_dict()
    settings = {"num_classes": classes, "base_size": 1, "dropout": dropout, "ratio": 16, "kernel_size": kernel, "last_fc": last_fc}
    params = {"nn_module": (module, {**settings, "last_filters": 8}), "optimizer": ("Adam", {"lr": 0.0009}), "device": "cuda"}
    saved = io.BytesIO()
    whole = {"model_name": "FreesoundModel", "params": params, "nn_state_dict": state}
    torch.save(whole, saved, _use_new_zipfile_serialization=kind != "aux")
    saved = saved.getvalue()
    (OUT / f"argus-2019-{kind}.pth").write_bytes(without_addresses(saved) if kind == "aux" else saved)
    with torch.no_grad():
        logits = network.double().eval()(nf.make_input(SHAPE, STREAM, torch.float64))["main"]
    return {"tensors": len(state), "parameters": sum(p.numel() for p in network.parameters()), "logits": nf.rounded(logits)}


def main():
    kinds = {
        "aux": checkpoint("aux", "AuxSkipAttention", 80, 7, 4, 0.4),
        "rnn": checkpoint("rnn", "RnnAuxSkipAttention", 80, 7, 4, 0.4),
        "skip": checkpoint("skip", "SkipAttention", 80, 3, 2, 0.2),
    }
    for path in sorted(OUT.glob("argus-2019-*.pth")):
        print(path.name, path.stat().st_size)
        assert path.stat().st_size < 60_000
    nf.write(OUT / "argus-2019.json", {
        "about": "checkpoints by xtask/golden/argus_2019_checkpoints.py, and their main logits in evaluation, by float64",
        "input": nf.RULES["input"],
        "input_shape": SHAPE,
        "input_stream": STREAM,
        **kinds,
    })


if __name__ == "__main__":
    main()
