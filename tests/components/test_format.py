"""A number and its noun."""

from components.format import count


def test_count() -> None:
    assert count(1, "class") == "1 class"
    assert count(0, "image") == "0 images"
    assert count(1000, "class") == "1,000 classes"
    assert count(2002, "image") == "2,002 images"
