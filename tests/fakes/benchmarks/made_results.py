"""Results of sizes, without running anything."""

from benchmarks.scale.results import ComponentResult, ProcessResult, SizeResult


def make_result(
    images: int,
    *,
    trainer_ms: float = 5.0,
    fixed_bytes: int = 1_000_000_000,
    image_bytes: int = 0,
    stored_share: float = 1.1,
) -> SizeResult:
    """A run whose Trainer takes so much time and memory an image."""
    memory = fixed_bytes + image_bytes * images
    seconds = {"start-up and end": 10.0, "ImageExampleGen": images / 1000}
    seconds |= dict.fromkeys(("StatisticsGen", "Transform", "Evaluator"), images / 2000)
    seconds["Trainer"] = trainer_ms * images / 1000
    return SizeResult(
        settings="s",
        command="python -m benchmarks.scale",
        machine={"cores": 2},
        images=images,
        test_images=round(0.15 * images),
        source_bytes=20_000 * images,
        stored_bytes=round(stored_share * 20_000 * images),
        left_bytes=24_000 * images,
        written_bytes=50_000 * images,
        seconds=sum(seconds.values()),
        cpu_seconds=2 * sum(seconds.values()),
        peak_pss_bytes=memory,
        components={
            name: ComponentResult(
                seconds=value,
                peak_anon_bytes=memory if name == "Trainer" else fixed_bytes,
                peak_rss_bytes=memory,
                added_anon_bytes=image_bytes * images if name == "Trainer" else 0,
            )
            for name, value in seconds.items()
        },
        processes={
            "pipeline.local.worker": ProcessResult(peak_anon_bytes=memory, peak_rss_bytes=memory)
        },
    )
