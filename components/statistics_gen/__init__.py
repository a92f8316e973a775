"""`component.ImageStatisticsGen`, TFX's StatisticsGen in one process, and its `options`."""
