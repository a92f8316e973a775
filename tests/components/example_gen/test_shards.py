"""Writing shards, apart from Beam."""

import hashlib
from pathlib import Path

import pytest

from components.example_gen.inspection import Checked
from components.example_gen.shards import Shard, plan_shards, write_shard
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.listing import Found, RecordFields
from components.images.check import Accepted


def image(path: Path, contents: bytes) -> Checked:
    found = Found(path.name, str(path), "label", None)
    sha256 = hashlib.sha256(contents).hexdigest()
    return Checked(found, "label", len(contents), sha256, Accepted("png", 1, 1))


@pytest.mark.parametrize(
    ("count", "shard_bytes", "sizes"),
    [(10, 10**6, [10]), (10, 250, [2, 3, 2, 3]), (5, 1, [1] * 5), (0, 100, [0])],
)
def test_plan(count: int, shard_bytes: int, sizes: list[int]) -> None:
    images = [image(Path(f"{number}.png"), bytes(100)) for number in range(count)]
    shards = plan_shards("folder", images, shard_bytes)
    assert [len(shard.images) for shard in shards] == sizes
    assert [p for shard in shards for p in shard.images] == images
    assert shards[-1].path == (f"folder/data_tfrecord-{len(sizes) - 1:05d}-of-{len(sizes):05d}.gz")


@pytest.mark.parametrize("vanishes", [True, False])
def test_an_image_that_changes_after_its_check(tmp_path: Path, vanishes: bool) -> None:
    path = tmp_path / "1.png"
    checked = image(path, b"as checked")
    if not vanishes:
        path.write_bytes(b"as written")
    with pytest.raises(IngestError, match=r"1.png changed or vanished while .* were being read"):
        write_shard(Shard(str(tmp_path / "shard.gz"), [checked]), RecordFields())
