"""Reads and checks many images at once."""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import apache_beam as beam

from components import storage
from components.example_gen.examples import parse_example
from components.example_gen.sources.listing import Found, RecordFields
from components.images.check import Accepted, Rejected, check_and_decode, check_size
from components.images.formats import detect_format
from components.images.limits import ImageLimits
from components.images.other_formats import VIDEO, detect_other_format
from components.images.sameness import hash_look, hash_pixels
from components.parallel import map_on_all_cores
from components.progress import report_progress

BATCH_SIZE = 256
"""Images that travel together; enough to keep a thread per core busy, and small to move."""

RECORD_MARGIN_BYTES = 1024**2
"""What a record may have beside its image, as its name, a mask's outline or an embedding."""

OTHER_FILE = "other_file"
"""The reason of files that are not images, such as a README: they are ignored, not errors."""

_OUTSIDE = Rejected("outside_class_folder", "only files in a folder of their class have a label")
_OTHER = Rejected(OTHER_FILE, "neither its name nor its bytes are those of an image")
_START_BYTES = 256
"""More than any format needs to be recognized."""
_SECONDS_BETWEEN_REPORTS = 1.0


@dataclass(frozen=True)
class Checked:
    """What is known about one image after it was read, without the pixels."""

    found: Found
    label: str
    bytes: int
    sha256: str
    """Hex digest of the bytes; empty where they could not be read."""
    verdict: Accepted | Rejected
    pixels: str = ""
    """Digest that copies share, whatever their metadata; empty where `verdict` is `Rejected`."""
    look: int | None = None
    """Perceptual hash; None where it is too small, blank, or rejected."""


def inspect_image(found: Found, limits: ImageLimits, fields: RecordFields) -> Checked:
    """Reads one image and checks it; whatever is wrong with it ends in the verdict."""
    label = found.label or ""
    try:
        if found.may_be_other and (other := _check_other(found)):
            return other
        size = storage.file_facts(found.path).bytes if found.length < 0 else found.length
        too_large = check_size(size, limits) if found.length < 0 else _check_record(size, limits)
        if too_large:
            sha256 = storage.hash_file(found.path) if found.length < 0 else ""
            return Checked(found, label, size, sha256, too_large)
        contents = storage.read_bytes(found.path, found.offset, found.length)
    except OSError as error:
        return Checked(found, label, 0, "", Rejected("unreadable", error.strerror or str(error)))
    if found.label is None:
        parsed = parse_example(contents, fields)
        if isinstance(parsed, Rejected):
            return Checked(found, label, len(contents), _sha256(contents), parsed)
        contents, label = parsed
    checked = _OUTSIDE if label == "" else check_and_decode(contents, limits)
    if isinstance(checked, Rejected):
        return Checked(found, label, len(contents), _sha256(contents), checked)
    pixels, look = hash_pixels(contents, checked.decoded), hash_look(checked.decoded)
    return Checked(found, label, len(contents), _sha256(contents), checked.verdict, pixels, look)


def _check_other(found: Found) -> Checked | None:
    """Looks at how a file begins whose name is not that of an image; None if it may be one."""
    size = storage.file_facts(found.path).bytes
    start = storage.read_bytes(found.path, 0, _START_BYTES)
    if detect_format(start) or detect_other_format(start) not in (None, VIDEO):
        return None
    return Checked(found, found.label or "", size, "", _OTHER)


def _check_record(size: int, limits: ImageLimits) -> Rejected | None:
    """Checks the size of a record before it is read; its image is checked again by itself."""
    limit = limits.max_image_bytes
    if size <= limit + RECORD_MARGIN_BYTES:
        return None
    detail = f"a record of {size:,} bytes; data.max_image_bytes is {limit:,}"
    return Rejected("too_many_bytes", detail)


def _sha256(contents: bytes) -> str:
    return hashlib.sha256(contents).hexdigest()


class InspectImages(beam.DoFn):
    """Inspects batches of images, on all cores of the worker.

    Reading, hashing and decoding release Python's lock, so that threads use every core even of the
    local runner, which runs in one thread.
    """

    def __init__(
        self, limits: ImageLimits, fields: RecordFields, component: str, total: int
    ) -> None:
        """Remembers what to check by; `total` is the number of images on all workers together."""
        self._limits = limits
        self._fields = fields
        self._component = component
        self._total = total
        self._done = 0
        self._reported_at = 0.0

    def process(self, batch: list[Found]) -> Iterator[Checked]:
        """Inspects one batch."""
        for checked in map_on_all_cores(self._inspect, batch):
            self._report()
            yield checked

    def _inspect(self, found: Found) -> Checked:
        return inspect_image(found, self._limits, self._fields)

    def _report(self) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._reported_at >= _SECONDS_BETWEEN_REPORTS or self._done == self._total:
            self._reported_at = now
            report_progress(self._component, "checking images", self._done, self._total)


def serialize(checked: Checked) -> str:
    """Turns a result into a line of text, the form in which it leaves Beam."""
    is_accepted = isinstance(checked.verdict, Accepted)
    found, verdict = list(checked.found), list(checked.verdict)
    known = [checked.label, checked.bytes, checked.sha256]
    return json.dumps([found, *known, is_accepted, verdict, checked.pixels, checked.look])


def deserialize(line: str) -> Checked:
    """Turns a line of `serialize` back into a result."""
    found, label, size, sha256, is_accepted, verdict, pixels, look = json.loads(line)
    kind = Accepted if is_accepted else Rejected
    return Checked(Found(*found), label, size, sha256, kind(*verdict), pixels, look)


def batches(found: list[Found]) -> Iterator[list[Found]]:
    """Cuts the list of images into batches of `BATCH_SIZE`."""
    for start in range(0, len(found), BATCH_SIZE):
        yield found[start : start + BATCH_SIZE]
