"""Reads, checks, splits and writes the images of one run."""

import os
from typing import Any

import apache_beam as beam
import tensorflow as tf
from tfx.dsl.components.base import base_beam_executor
from tfx.types import artifact_utils

from components import storage
from components.artifacts import FINGERPRINT_KEY, Artifacts
from components.beam import is_in_one_process, run_in_process
from components.example_gen import driver
from components.example_gen.corrections import correct, read_corrections
from components.example_gen.driver import COMPONENT
from components.example_gen.fingerprint import check_what_was_read
from components.example_gen.inspection import (
    Checked,
    InspectImages,
    batches,
    deserialize,
    serialize,
)
from components.example_gen.report import describe, keep_quarantine, summarize, write_report
from components.example_gen.settings import DataSettings
from components.example_gen.shards import WriteShard, plan_shards
from components.example_gen.sources.columns import add_path_columns, set_groups
from components.example_gen.sources.errors import IngestError
from components.example_gen.sources.folders import list_folders
from components.example_gen.sources.listing import Listing, RecordFields
from components.example_gen.sources.manifest_source import list_manifest
from components.example_gen.sources.split_settings import SPLIT_NAMES
from components.example_gen.sources.tfds_source import list_tfds
from components.example_gen.sources.tfrecord.source import list_tfrecords
from components.example_gen.sources.tree import Exclusion
from components.example_gen.verdicts import (
    Verdicts,
    check_classes,
    check_quality,
    decide,
    describe_alike,
)
from components.progress import report_note, report_progress


class Executor(base_beam_executor.BaseBeamExecutor):
    """Executor of `ImageExampleGen`.

    Beam does what takes time, reading, decoding and writing. What is known of each image (some
    hundred bytes) comes back here in between, where conflicts are found and splits assigned.
    """

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: dict[str, Any]
    ) -> None:
        """Fills the Examples artifact.

        Args:
            input_dict: Empty.
            output_dict: `examples`, one artifact.
            exec_properties: `settings`, `path`, `span` and `input_fingerprint`, as the driver
                resolved them.

        Raises:
            IngestError: If the data cannot be used, or changed since the driver looked; nothing is
                trained on then.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        settings = driver.parse_settings(exec_properties[driver.SETTINGS_KEY])
        examples = artifact_utils.get_single_instance(output_dict[driver.EXAMPLES_KEY])
        listing = self._list(exec_properties[driver.PATH_KEY], settings)
        if settings.span_marker:
            listing = listing.without_file(settings.span_marker)
        if settings.group_pattern:
            listing = add_path_columns(listing, settings.group_pattern)
        if settings.group:
            listing = set_groups(listing, settings.group)
        # Before the images are read: a mistake in the file shows at once.
        corrections = read_corrections(settings.corrections) if settings.corrections else {}
        checked = self._inspect(listing, settings)
        corrected = None
        if settings.corrections:
            checked, corrected = correct(checked, corrections, settings.corrections)
        files = driver.list_files(exec_properties[driver.PATH_KEY], settings)
        expected = exec_properties[FINGERPRINT_KEY]
        check_what_was_read(checked, files, settings.fingerprint, expected)
        verdicts = decide(checked, settings)
        try:
            check_quality(verdicts, settings)
            check_classes(verdicts, listing.classes, settings)
        except IngestError as error:
            raise keep_quarantine(error, examples.uri, verdicts.quarantined) from None
        span = exec_properties[driver.SPAN_KEY]
        summary = summarize(
            verdicts,
            listing,
            span=None if span == driver.NO_SPAN else span,
            corrected=corrected,
        )
        for note in describe_alike(summary["classes"]):
            report_note(COMPONENT, note)
        report_progress(COMPONENT, describe(summary))
        self._write(examples.uri, verdicts, listing.fields, settings)
        write_report(examples.uri, summary, verdicts)
        examples.split_names = artifact_utils.encode_split_names(list(SPLIT_NAMES))

    def _list(self, path: str, settings: DataSettings) -> Listing:
        report_progress(COMPONENT, f"listing {path}")
        splits, exclude = settings.splits, Exclusion(settings.exclude)
        match settings.source:
            case "tfrecord":
                unpacked = os.path.join(self._get_tmp_dir(), "unpacked")
                return list_tfrecords(path, splits, settings.tfrecord, unpacked)
            case "tfds":
                return list_tfds(path, splits)
            case "manifest":
                return list_manifest(path, splits, exclude)
        return list_folders(path, splits, exclude)

    def _inspect(self, listing: Listing, settings: DataSettings) -> list[Checked]:
        inspect = InspectImages(
            settings.image_limits, listing.fields, COMPONENT, len(listing.images)
        )
        if is_in_one_process(self._beam_pipeline_args):
            return list(run_in_process(inspect, batches(listing.images)))
        prefix = os.path.join(self._get_tmp_dir(), "checked")
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "List" >> beam.Create(list(batches(listing.images)))
                | "Share" >> beam.Reshuffle()
                | "Inspect" >> beam.ParDo(inspect)
                | "Serialize" >> beam.Map(serialize)
                | "Store" >> beam.io.WriteToText(prefix)
            )
        return [
            deserialize(line)
            for path in tf.io.gfile.glob(f"{prefix}-*")
            for line in tf.io.gfile.GFile(path)
        ]

    def _write(
        self, uri: str, verdicts: Verdicts, fields: RecordFields, settings: DataSettings
    ) -> None:
        shards = []
        for split, images in verdicts.accepted.items():
            # As `artifact_utils.get_split_uri` names it, once the artifact has its splits.
            folder = storage.join(uri, f"Split-{split}")
            tf.io.gfile.makedirs(folder)
            shards += plan_shards(folder, images, settings.shard_bytes)
        write = WriteShard(fields, COMPONENT, len(shards))
        if is_in_one_process(self._beam_pipeline_args):
            list(run_in_process(write, shards))
            return
        with self._make_beam_pipeline() as pipeline:
            _ = (
                pipeline
                | "Plan" >> beam.Create(shards)
                | "Share" >> beam.Reshuffle()
                | "Write" >> beam.ParDo(write)
            )
