"""Real tables for the audits, skipped by name where they are not; and both engines."""

import shutil

import pytest

from datapolis import tables
from examples.measure import real

SMALL = {  # what makes Spark quick on small tables: no code is compiled, nothing is planned anew
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
    "spark.ui.enabled": "false",
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
}


@pytest.fixture(scope="session")
def table():
    """`table("name.csv")`: a path or a data frame, or the test is skipped by name."""

    def find(name):
        try:
            return real.table(name)
        except real.Missing as missing:
            pytest.skip(str(missing))

    return find


def pytest_collection_modifyitems(items):
    """What asks for Spark is of the outer ring: it needs Java, which starts slowly."""
    for item in items:
        if "on_spark" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.outer)


@pytest.fixture(scope="session")
def on_spark(tmp_path_factory):
    """`on_spark(source)`: the same table on Spark, or the test is skipped without Java."""
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, and there is none")
    pytest.importorskip("pyspark", reason="Spark is not installed")
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]")
    for name, value in SMALL.items():  # the audits open their tables in this session
        builder = builder.config(name, value)
    builder.getOrCreate().sparkContext.setLogLevel("ERROR")
    folder = tmp_path_factory.mktemp("spark")
    made = iter(range(10_000))

    def opened(source, **options):
        path = source
        if not isinstance(source, str) and not hasattr(source, "is_file"):
            path = folder / f"{next(made)}.parquet"
            source.to_parquet(path, index=False)
        return tables.on_spark(path, "local[1]", **options)

    return opened
