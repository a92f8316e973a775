"""Blessed models go into service: versions appear in a folder whole, or not at all."""
