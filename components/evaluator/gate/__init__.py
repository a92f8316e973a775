"""The decision: which test images count, how the baseline compares, and what is refused."""
