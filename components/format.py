"""A number and its noun, wherever a person reads one."""


def count(number: int, noun: str) -> str:
    """Says how many: `1 image`, `2,002 images`; `class` becomes `classes`."""
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"
