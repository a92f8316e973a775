"""statistics_gen."""
