"""What a failure becomes before a person sees it."""

from components.errors import UserError
from pipeline.run.failure import failure


def test_a_user_error_is_reported_by_its_message() -> None:
    failed = failure("ImageExampleGen", UserError("No such folder.", hint="Make it."))
    assert (failed.component, failed.cause, failed.hint) == (
        "ImageExampleGen",
        "No such folder.",
        "Make it.",
    )


def test_anything_else_is_reported_by_its_type_and_first_line() -> None:
    failed = failure("Trainer", ValueError("shapes differ\nand a long story"))
    assert (failed.cause, failed.hint) == ("ValueError: shapes differ", None)


def test_mistake_inside_another_error_is_found() -> None:
    try:
        try:
            raise UserError("No such folder.", hint="Make it.")
        except UserError as error:
            raise RuntimeError("while running 'Inspect'") from error
    except RuntimeError as error:
        assert failure("ImageExampleGen", error).cause == "No such folder."


def test_first_mistake_wins_over_its_repetition_by_beam() -> None:
    try:
        try:
            raise UserError("A file has changed.", hint="Run again.")
        except UserError as error:
            raise UserError("A file has changed. Run again. [while running 'Write']") from error
    except UserError as error:
        failed = failure("ImageExampleGen", error)
    assert (failed.cause, failed.hint) == ("A file has changed.", "Run again.")


def test_mistake_that_was_replaced_on_purpose_stays_replaced() -> None:
    try:
        try:
            raise UserError("Too many.", hint="Fix them.")
        except UserError as error:
            raise UserError(error.message, hint="Fix them. They are listed in LIST.") from None
    except UserError as error:
        assert failure(None, error).hint == "Fix them. They are listed in LIST."
