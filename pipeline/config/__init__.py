"""The configuration: a YAML file, validated before anything starts.

    from_folder.py     a folder of images -> a configuration to start with
    load.py            a YAML file and `--set` options -> `PipelineConfig`, or all errors at once
    schema.py          `PipelineConfig`, composed of the sections of `components` and `trainer`
    beam.py            the `beam` section
    kubeflow/          the `kubeflow` section

    yaml_reader.py     YAML without the surprises of YAML 1.1
    key_path.py        paths such as `trainer.stages[1].epochs`
    describe_types.py  a setting's type in English, for errors and the reference
    paths.py           `~`, environment variables, and what paths are relative to
    suggest_key.py     an unknown key -> the key that was meant
    errors.py          pydantic's errors -> messages in terms of the YAML file

    show.py            `show-config`: the effective configuration as YAML
    reference.py       docs/configuration.md, generated from the settings

To add a setting, add a field with a description to its section, then run
`python -m pipeline.config.reference`.
"""
