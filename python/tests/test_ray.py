"""The actor for Ray Data gives what the model gives, and every recording once or by name."""

import os
from pathlib import Path

import numpy as np
import pytest

import earmark

pytest.importorskip("pyarrow")

from earmark.ray import EVENTS, Tagger  # noqa: E402

OPTIONS = {"threshold": 0.1}


@pytest.fixture
def broken(clips, tmp_path):
    """A recording that can't be read, with others around it."""
    (tmp_path / "broken.wav").write_bytes(b"not a sound")
    return [clips[0], str(tmp_path / "broken.wav"), *clips[1:]]


def test_events_of_paths_and_of_bytes(run, clips, broken):
    tagger = Tagger(str(run), options=OPTIONS, threads=None)
    found = tagger({"path": np.array(broken, dtype=object)})
    assert found.schema == EVENTS
    expected = list(earmark.load(run).tag(clips, **OPTIONS).rows())
    rows = found.to_pylist()
    failed = [row for row in rows if row["error"]]
    assert [row["file"] for row in failed] == [broken[1]] and failed[0]["class"] is None
    assert broken[1] not in failed[0]["error"]
    events = [{key: row[key] for key in expected[0]} for row in rows if not row["error"]]
    assert len(events) > 3 and events == expected
    # Of bytes, which temporary files are made of, the same, under their own names.
    contents = np.array([Path(path).read_bytes() for path in broken], dtype=object)
    names = np.array([f"s3://bucket/{Path(path).name}" for path in broken], dtype=object)
    of_bytes = tagger({"path": names, "bytes": contents}).to_pylist()
    place = dict(zip(broken, names))
    assert of_bytes == [{**row, "file": place[row["file"]]} for row in rows]


def test_embeddings(run, clips, broken):
    tagger = Tagger(str(run), output="embeddings", threads=None)
    rows = tagger({"path": np.array(broken, dtype=object)}).to_pylist()
    assert [row["file"] for row in rows] == broken
    assert rows[1]["embedding"] is None and rows[1]["error"]
    found = np.array([row["embedding"] for row in rows if not row["error"]], dtype=np.float32)
    assert np.array_equal(found, earmark.load(run).embed(clips))


def test_what_can_not_be_asked_is_refused(run):
    with pytest.raises(earmark.ConfigError, match="output"):
        Tagger(str(run), output="scores", threads=None)
    with pytest.raises(earmark.ConfigError, match="windows"):
        Tagger(str(run), options={"windows": True}, threads=None)
    with pytest.raises(earmark.ConfigError, match="include_paths=True"):
        Tagger(str(run), threads=None)({"bytes": np.array([b""], dtype=object)})
    with pytest.raises(earmark.ConfigError, match="is a folder"):
        Tagger(str(run), threads=None)({"path": np.array([str(run)], dtype=object)})


def test_an_actor_pool_of_which_one_dies(run, broken, tmp_path):
    ray = pytest.importorskip("ray")
    died = tmp_path / "died"

    class Fragile(Tagger):
        """Dies at a certain recording, once."""

        def __call__(self, batch):
            if broken[-1] in batch["path"] and not died.exists():
                died.touch()
                os._exit(1)
            return super().__call__(batch)

    ray.init(num_cpus=4, include_dashboard=False, _node_ip_address="127.0.0.1")
    try:
        pool = ray.data.from_items([{"path": path} for path in broken * 5]).map_batches(
            Fragile,
            fn_constructor_kwargs={"model": str(run), "options": OPTIONS},
            concurrency=2,
            batch_size=3,
        )
        found = pool.take_all()
    finally:
        ray.shutdown()
    assert died.exists()
    alone = Tagger(str(run), options=OPTIONS, threads=None)
    expected = alone({"path": np.array(broken * 5, dtype=object)}).to_pylist()

    def in_order(rows):
        return sorted(tuple(map(str, row.values())) for row in rows)

    assert in_order(found) == in_order(expected)
