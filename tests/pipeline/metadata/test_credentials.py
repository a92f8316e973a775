"""Credentials of the metadata's database."""

from pathlib import Path

import pytest

from components.errors import UserError
from pipeline.metadata.credentials import Login, read_login


def test_environment() -> None:
    assert read_login({"METADATA_USER": "me", "METADATA_PASSWORD": "pw"}) == Login("me", "pw")


def test_files_without_their_line_break(tmp_path: Path) -> None:
    (tmp_path / "user").write_text("me\n")
    (tmp_path / "password").write_text(" p w \r\n")
    login = read_login(
        {
            "METADATA_USER_FILE": str(tmp_path / "user"),
            "METADATA_PASSWORD_FILE": str(tmp_path / "password"),
        }
    )
    assert login == Login("me", " p w ")


def test_password_is_not_shown() -> None:
    assert "geheim" not in repr(Login("me", "geheim"))


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "needs a user"),
        ({"METADATA_PASSWORD": "geheim"}, "needs a user"),
        ({"METADATA_USER": "me", "METADATA_USER_FILE": "/f"}, "are both set"),
        (
            {"METADATA_USER": "me", "METADATA_PASSWORD_FILE": "/no/such"},
            "METADATA_PASSWORD_FILE: /no/such cannot be read: No such file",
        ),
        ({"METADATA_USER_FILE": "/dev"}, "/dev cannot be read: Is a directory"),
    ],
)
def test_mistakes(environment: dict[str, str], message: str) -> None:
    with pytest.raises(UserError) as caught:
        read_login(environment)
    assert message in caught.value.message
    assert "geheim" not in str(caught.value)
