"""One page a run that a person reads: what was decided, why, from which images, in what time.

    component.py   the TFX component, `Report`
    driver.py      asks ML Metadata about this run and the one before (run_facts.py, history.py)
    executor.py    reads the artifacts (sources.py), makes the page (page.py), writes it (folder.py)

Each section of the page is a file that reads its own data, and a template of the same name in
`templates/`: verdict, metrics, confusion, serving_check, mistakes, training, data, drift, times,
lineage.
"""
