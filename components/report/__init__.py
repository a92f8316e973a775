"""Writes one HTML page about each run: what was decided and why, from which images, in what time.

    component   the TFX component, `Report`: its driver reads this run and earlier ones from ML
                Metadata, its executor reads the artifacts, builds the page, writes it
    page        fills the templates with what the sections read
    page_files  writes the page and its charts: all of them, or none
    sections/   one file per section of the page, with a template of the same name in `templates/`
    charts/     charts and thumbnails
    inputs/     what a page is made from: artifacts, facts about the run, TFDV's statistics

Imports go one way: page -> sections -> charts -> inputs.
"""
