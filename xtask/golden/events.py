"""Writes crates/earmark-engine/tests/golden/events.bin: two events by TensorFlow's own writer.

pip install tensorflow-cpu==2.21.0
"""
import pathlib
import tensorflow as tf
from tensorflow.core.util import event_pb2

out = pathlib.Path(__file__).parents[2] / "crates/earmark-engine/tests/golden/events.bin"
with tf.io.TFRecordWriter(str(out)) as w:
    w.write(event_pb2.Event(wall_time=0.0, file_version="brain.Event:2").SerializeToString())
    e = event_pb2.Event(wall_time=300.0, step=300)
    e.summary.value.add(tag="loss", simple_value=0.25)
    e.summary.value.add(tag="learning rate", simple_value=1e-4)
    w.write(e.SerializeToString())
print(out, out.stat().st_size)
