"""Which statistics are computed over the examples."""

import tensorflow_data_validation as tfdv

LABEL = "image/class/text"
CHECKED_FEATURES = (LABEL, "image/format", "image/height", "image/width")

MAX_CLASSES = 100_000
"""Most classes that are told apart; ImageNet-21k has 21,841."""


def statistics_options() -> tfdv.StatsOptions:
    """Options for StatisticsGen: labels, sizes and formats, never the encoded bytes.

    Statistics of strings cost memory and time by their length, and say nothing about pictures.
    """
    return tfdv.StatsOptions(
        feature_allowlist=list(CHECKED_FEATURES),
        # TFDV's 1000 would leave classes out of the list by which a missing one is found.
        num_rank_histogram_buckets=MAX_CLASSES,
    )
