"""Tables go where tables are used."""

import pickle

import numpy as np
import pytest

import earmark

NAMES = ["file", "start_seconds", "end_seconds", "class", "score"]


@pytest.fixture
def table(run, clips):
    found = earmark.load(run).tag(clips, threshold=0.1)
    assert found.num_rows > 3 and found.column_names == NAMES
    assert found["score"].dtype == np.float32 and found["end_seconds"].dtype == np.float64
    assert [one["file"] for one in found.recordings] == clips
    return found


def test_pandas(table):
    pandas = pytest.importorskip("pandas")
    frame = table.to_pandas()
    assert list(frame.columns) == NAMES and len(frame) == table.num_rows
    assert np.array_equal(frame["score"].to_numpy(), table["score"])
    assert frame["class"].tolist() == table["class"]
    pandas.testing.assert_frame_equal(pandas.DataFrame(table), frame)


def test_arrow_by_the_c_stream(table):
    arrow = pytest.importorskip("pyarrow")
    found = table.to_arrow()
    types = [arrow.large_string(), arrow.float64(), arrow.float64(), arrow.large_string()]
    assert found.schema.types == [*types, arrow.float32()]
    assert found.to_pylist() == list(table.rows())
    assert arrow.table(table).to_pydict() == found.to_pydict()
    # A capsule that nobody reads frees what it owns.
    for _ in range(1_000):
        table.__arrow_c_stream__()


def test_polars(table):
    polars = pytest.importorskip("polars")
    frame = table.to_polars()
    assert frame.columns == NAMES
    assert frame.rows(named=True) == list(table.rows())
    assert polars.DataFrame(table).equals(frame)


def test_an_empty_table(run, clips):
    empty = earmark.load(run).tag(clips, threshold=1.0)
    assert empty.num_rows == 0 and list(empty.rows()) == []
    if pytest.importorskip("pyarrow"):
        assert empty.to_arrow().num_rows == 0


def test_pickling(table):
    again = pickle.loads(pickle.dumps(table))
    assert again == table and again.recordings == table.recordings
