"""Finds the folder of a TensorFlow Datasets (TFDS) dataset; if there is none, TFDS prepares it."""

import difflib
import http.client
import urllib.error
import urllib.request
from collections.abc import Collection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from components import storage
from components.example_gen.sources.errors import IngestError
from components.progress import report_progress

_TIMEOUT_SECONDS = 10.0
_MOST_HOSTS = 3
_LONGEST_CAUSE = 400
_INFO_FILE = "dataset_info.json"


def find_or_prepare(name: str, data_dir: str, component: str) -> str:
    """Finds a prepared dataset; downloads and prepares it where there is none.

    Args:
        name: `DATASET` or `DATASET/CONFIG`, optionally followed by `:VERSION`. Without a
            version: the newest one prepared, or else the current one of TFDS.
        data_dir: The folder that TFDS keeps its datasets in; empty for TFDS' default.
        component: Id of the component, under which progress is reported.

    Returns:
        The folder of that version, as `~/tensorflow_datasets/cats_vs_dogs/4.0.1`.

    Raises:
        IngestError: If TFDS knows no such dataset, or it cannot be opened, downloaded or prepared.
    """
    import tensorflow_datasets as tfds

    data_dir = data_dir or tfds.core.constants.DATA_DIR
    _check_files(data_dir, name)
    try:
        builder = tfds.core.read_only_builder.builder_from_files(name, data_dir=data_dir)
    except tfds.core.DatasetNotFoundError:
        builder = _build(name, data_dir)
        _prepare(builder, name, data_dir, component)
    except Exception as error:  # A damaged file raises whatever its parser does.
        raise IngestError(
            f"cannot open the TFDS dataset {name} in {data_dir}: {tfds_cause(error)}.",
            "Remove its folder and prepare the dataset again.",
        ) from error
    return str(builder.data_dir)


def _check_files(data_dir: str, name: str) -> None:
    """Checks that no file of a dataset is a pipe or a device, from which TFDS would read forever.

    Raises:
        IngestError: If one is.
    """
    if storage.is_remote(data_dir):
        return
    for file in Path(data_dir, _dataset_of(name)).rglob("*"):
        try:
            if not file.is_dir():
                storage.file_facts(str(file))
        except FileNotFoundError:
            continue  # TFDS itself reports what is missing.
        except OSError as error:
            raise IngestError(
                f"cannot read {file}: {error.strerror or error}.", "Remove it from the dataset."
            ) from error


def tfds_cause(error: Exception) -> str:
    """The part of a TFDS error that says what is wrong, on one line.

    TFDS puts context before it (arguments in braces, or a link) and a link after it.
    """
    text = str(error).split("/datasets/splits\n")[-1].split('}": ')[-1]
    cause = text.split(" See format at ")[0].split(" Please open a github issue ")[0]
    line = " ".join(cause.split()).rstrip(" .:")
    return line[:_LONGEST_CAUSE] or type(error).__name__


def _build(name: str, data_dir: str) -> Any:
    """Makes the TFDS builder of a dataset that is not prepared."""
    import tensorflow_datasets as tfds

    try:
        return tfds.builder(name, data_dir=data_dir, try_gcs=False)
    except tfds.core.DatasetNotFoundError as error:
        known = tfds.list_builders(with_community_datasets=False)
        raise IngestError(
            f"the TFDS dataset {name} is not in {data_dir}, and TFDS {tfds.__version__} does not "
            f"know it.{_did_you_mean(name, [*known, *_prepared_in(data_dir)])}",
            _describe_prepared(data_dir),
        ) from error
    except Exception as error:  # TFDS has no exception class for unknown versions and configs.
        raise IngestError(
            f"the TFDS dataset {name} is not in {data_dir}, and TFDS {tfds.__version__} cannot "
            f"prepare it: {tfds_cause(error)}.",
            _describe_prepared(data_dir),
        ) from error


def _prepare(builder: Any, name: str, data_dir: str, component: str) -> None:
    """Downloads a dataset and writes it as TFRecords."""
    import tensorflow_datasets as tfds

    # TFDS itself tries for 200 seconds before it gives up on a host.
    by_hand = bool(builder.MANUAL_DOWNLOAD_INSTRUCTIONS)
    fault = None if by_hand else network_fault(builder.url_infos or {})
    if fault:
        raise IngestError(
            f"the TFDS dataset {name} is not prepared in {data_dir}, and cannot be downloaded: "
            f"{fault}.",
            _how_to_prepare(name, data_dir),
        )
    report_progress(component, f"downloading and preparing {builder.info.full_name}")
    tfds.disable_progress_bar()  # It would fill the log.
    config = tfds.download.DownloadConfig(try_download_gcs=False)
    try:
        builder.download_and_prepare(download_config=config, file_format="tfrecord")
    except Exception as error:  # The dataset's code may raise anything.
        raise IngestError(
            f"TFDS could not download and prepare {name} in {data_dir}: "
            f"{type(error).__name__}: {tfds_cause(error)}.",
            _how_to_prepare(name, data_dir),
        ) from error


def network_fault(urls: Collection[str]) -> str | None:
    """Says why no host of these URLs can be reached.

    Args:
        urls: What is to be downloaded. The first three hosts are tried, through the proxy if the
            environment names one.

    Returns:
        A host and what went wrong, or None if one responds or there is none to try.
    """
    by_host: dict[str, str] = {}
    for url in urls:
        if url.startswith("http"):
            by_host.setdefault(urlsplit(url).netloc, url)
    faults = []
    for host, url in list(by_host.items())[:_MOST_HOSTS]:
        request = urllib.request.Request(url, method="HEAD")
        try:
            urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS).close()
        except (urllib.error.HTTPError, http.client.HTTPException):
            return None  # It responds; TFDS finds out why it refuses this request.
        except OSError as error:
            faults.append(f"{host} does not answer ({getattr(error, 'reason', error)})")
        else:
            return None
    return faults[0] if faults else None


def _how_to_prepare(name: str, data_dir: str) -> str:
    folder = _dataset_of(name)
    return (
        f"{_describe_prepared(data_dir)} On a machine where it can be downloaded, run\n"
        f'  python -c "import tensorflow_datasets as tfds; tfds.builder({name!r}, '
        "data_dir='datasets').download_and_prepare()\"\n"
        f"and copy the folder datasets/{folder} to {data_dir}/{folder} here, or set data.path to a "
        "copy of datasets."
    )


def _describe_prepared(data_dir: str) -> str:
    """A sentence about the datasets that are in a folder."""
    root = Path(data_dir)
    if any((folder / _INFO_FILE).is_file() for folder in (root, *root.glob("*.*.*"))):
        return (
            f"{data_dir} is a dataset itself: data.path is the folder that DATASET/VERSION is in."
        )
    prepared = [folder for folders in _prepared_in(data_dir).values() for folder in folders]
    if not prepared:
        return f"No dataset is prepared in {data_dir}."
    more = f" and {len(prepared) - 10} more" if len(prepared) > 10 else ""
    return f"Prepared in {data_dir}: {', '.join(prepared[:10])}{more}."


def _prepared_in(data_dir: str) -> dict[str, list[str]]:
    """The folders of the versions that are prepared, below `data_dir`, by dataset."""
    root = Path(data_dir)
    files = [*root.glob(f"*/*/{_INFO_FILE}"), *root.glob(f"*/*/*/{_INFO_FILE}")]
    prepared: dict[str, list[str]] = {}
    for folder in sorted(file.parent.relative_to(root) for file in files):
        prepared.setdefault(folder.parts[0], []).append(str(folder))
    return prepared


def _dataset_of(name: str) -> str:
    """The name of a dataset without its configuration and version."""
    return name.split(":")[0].split("/")[0]


def _did_you_mean(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(_dataset_of(name), known, n=1)
    return f" Did you mean {close[0]}?" if close and close[0] != _dataset_of(name) else ""
