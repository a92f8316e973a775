"""YAML that is hostile rather than wrong, and YAML that reads as people mean it."""

import time
from typing import Any

import pytest

from pipeline.config.errors import ConfigError
from pipeline.config.yaml_reader import read_yaml, write_yaml

LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, "has more than 100,000 values"),
        (MERGES, "has more than 100,000 values"),
        (LAUGHS + "? [*a11]\n: 1\n", "has more than 100,000 values"),
        ("x: &x [1, 2]\n? [*x]\n: 1\n", "keys must be text"),
        ("[" * 1000, "nested too deeply"),
    ],
    ids=["aliases", "merges", "aliases and a key", "key", "depth"],
)
def test_yaml_bombs_are_refused_at_once(text: str, message: str) -> None:
    start = time.monotonic()
    with pytest.raises(ConfigError, match=message):
        read_yaml(text)
    assert time.monotonic() - start < 3


def test_a_key_of_aliases_is_not_written_out() -> None:
    # The keys come first: nothing counts the values before they are checked.
    text = (
        "- &a0 [x]\n"
        + "".join(f"- &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 14))
        + "- {? [*a13, *a13, *a13] : 1}\n"
    )
    with pytest.raises(ConfigError) as error:
        read_yaml(text)
    assert len(str(error.value)) < 200


def test_aliases_and_many_values_are_fine() -> None:
    text = "a: &a {x: 1}\nb: *a\nc: {<<: *a, y: 2}\nd: {" + ", ".join(
        f"class {n}: 1.5" for n in range(2_000)
    )
    tree = read_yaml(text + "}")
    assert tree["b"] == {"x": 1} and tree["c"] == {"x": 1, "y": 2} and len(tree["d"]) == 2_000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0012", 12), ("-012", -12), ("0089", 89), ("1_000", 1000), ("0x1F", 31), ("0b11", 3),
        ("1e-4", 1e-4), ("1_000.5", 1000.5), ("-.5", -0.5), (".inf", float("inf")),
        ("1:30", "1:30"), ("1:30.5", "1:30.5"), ("2026-11-30", "2026-11-30"), ("=", "="),
        ("0o17", "0o17"), ("1.2.3", "1.2.3"), ("~", None), ("yes", True),
    ],
)  # fmt: skip
def test_scalars_are_read_as_people_mean_them(text: str, value: Any) -> None:
    assert (read_yaml(text), type(read_yaml(text))) == (value, type(value))
    for written in (value, text):
        assert read_yaml(write_yaml(written)) == written
