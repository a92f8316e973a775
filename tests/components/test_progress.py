"""Progress that any logging handler can show."""

import logging

import pytest

from components.progress import report_progress


def test_progress_is_a_log_record(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="image_pipeline.progress"):
        report_progress("ImageExampleGen", "checking images", 3, 10)
    [record] = caplog.records
    assert record.getMessage() == "ImageExampleGen: checking images"
    assert record.progress == {  # type: ignore[attr-defined]
        "component": "ImageExampleGen",
        "message": "checking images",
        "done": 3,
        "total": 10,
    }
