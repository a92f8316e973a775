"""What a person runs: the configuration, the TFX pipeline it describes, and the command.

    python -m pipeline run configs/digits.yaml          the whole pipeline
    python -m pipeline show-config configs/digits.yaml  every setting, every default

A run is two processes. The front end is light and answers at once; the worker has TFX in it.

    front end   cli.py             the commands
                config_file.py     YAML and --set to a checked `config.PipelineConfig`
                  config_yaml.py, config_path.py, config_problems.py, problem_text.py
                  plain_words.py
                show_config.py     the effective configuration as YAML
                supervise.py       a run from start to end
                  run_folder.py, worker_process.py, stop_signals.py
                board.py           where the run stands, from the worker's events
                view.py            how it is shown: terminal_view.py, plain_view.py
                  headlines.py, closing.py
                outcome.py         what it came to: summary.py is `summary.json`
    between     events.py          one JSON line for everything that happens
    worker      worker.py          runs every node and tells how it goes
                graph.py           create_pipeline: the TFX pipeline
                beam_settings.py   where Beam runs: beam_args.py, beam_operator.py
                nodes.py           one node of it
                facts.py           what its outputs say
                progress_events.py, failure.py  what it tells meanwhile, and of an error
                workspace.py       where it keeps its things
                orphan.py          does not outlive the front end
                run_lock.py        one run at a time in a workspace
    one node    node_command.py    `node`: one node of a run, as a task of a cluster
                one_node.py        what it does: attempt.py, node_launcher.py, node_cache.py
                  node_report.py, node_metrics.py, node_files.py
                kubeflow_settings.py  how a cluster runs it: kubeflow_resources.py
                  cluster_metadata.py, serving_settings.py, kubernetes_words.py, pod_fields.py
                metadata_url.py    the metadata of a cluster: metadata_login.py, metadata_store.py
                  exact_store.py, postgresql_store.py, patient_metadata.py
                training_job/      the Trainer on several pods
    afterwards  version_commands.py, report_command.py  `models` and `rollback`, `report` and `runs`
                  models.py, rollback.py, served_models.py, runs.py, report_page.py, plain_table.py
    asking      predict_command.py `predict`: predict.py, predict_batch.py; asking/ is how
                classify.py        a pretrained network as it is
                quiet_stderr.py    libraries' logs stay off the terminal
    clients     clients/           how to ask a model server: REST, gRPC, KServe v2
    docs        reference.py       the configuration reference in the README
"""
