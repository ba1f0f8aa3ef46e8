"""Golden tables for crates/earmark-core: Apache Parquet as pyarrow writes it.

Pinned: pyarrow 26.0.1.
Usage:  python xtask/golden/parquet_tables.py
Writes: crates/earmark-core/tests/golden/{dictionary-v1,plain-v2,snappy-v1,snappy-v2,zstd}.parquet
"""

import pathlib

import pyarrow as pa
import pyarrow.parquet as pq

OUT = pathlib.Path(__file__).resolve().parents[2] / "crates/earmark-core/tests/golden"
ROWS = 500


def table(rows):
    columns = {
        "file": pa.array([f"{k // 4}/é.wav" for k in rows]),
        "start": pa.array([k / 4 for k in rows]),
        "count": pa.array(list(rows), pa.int64()),
        "place": pa.array([float(k % 5) for k in rows]),
        "score": pa.array([(k % 100) / 100 for k in rows], pa.float32()),
    }
    required = {"start", "score"}
    fields = [pa.field(name, values.type, nullable=name not in required) for name, values in columns.items()]
    return pa.table(list(columns.values()), pa.schema(fields))


def main():
    OUT.mkdir(exist_ok=True)
    whole = table(range(ROWS))
    pages = {"row_group_size": 300, "data_page_size": 256, "write_batch_size": 16, "store_schema": False}
    plain = {"use_dictionary": False, "column_encoding": {name: "PLAIN" for name in whole.column_names}}
    pq.write_table(whole, OUT / "dictionary-v1.parquet", compression="none", **pages)
    pq.write_table(whole, OUT / "plain-v2.parquet", compression="none", data_page_version="2.0", **plain, **pages)
    # As pyarrow and pandas write by default, except for the size of pages and row groups.
    pq.write_table(whole, OUT / "snappy-v1.parquet", **pages)
    pq.write_table(whole, OUT / "snappy-v2.parquet", data_page_version="2.0", **pages)
    pq.write_table(table(range(4)), OUT / "zstd.parquet", compression="zstd", store_schema=False)


if __name__ == "__main__":
    main()
