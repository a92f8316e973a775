import pytest

from tests.docs.documents import Block, find_blocks, without_blocks

TEXT = """
Words.

<!-- not run: needs a cluster -->
```sh
one
```

   ```console
   $ two
   output
   ```
"""


def test_blocks_have_place_annotation_and_commands() -> None:
    first, second = find_blocks("a.md", TEXT)
    assert first == Block("a.md:6", "sh", "one\n", "not run: needs a cluster")
    assert not first.is_run and first.script == "one\n"
    assert second == Block("a.md:10", "console", "$ two\noutput\n")
    assert second.is_run and second.script == "two\n"


def test_a_block_without_an_end_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"a.md:1: this block has no end"):
        list(find_blocks("a.md", "```sh\none\n"))


def test_prose_is_what_is_outside_of_blocks() -> None:
    assert "one" not in without_blocks(TEXT) and "Words." in without_blocks(TEXT)
