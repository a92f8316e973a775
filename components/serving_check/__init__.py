"""Calls the exported model with real images before it goes into service.

component           `ServingCheck`; its settings are the section `serving_check`
driver              how often the model has failed: a failure is not cached, a pass is
executor            composes: images -> calls -> clean process -> checks -> InfraBlessing
images              real images from the examples, and broken ones made from them
reference           the scores that the Trainer computed, see trainer/serving_reference.py
calls               what the model is called with
clean_process       starts a process that has only TensorFlow, and receives its responses
clean_process_main  the script of that process
contract            the outputs that `serving_default` must return
timing              latency and memory of a series of calls
checks              what is wrong with the responses
verdict             the result, `serving_check.json`
infra_validator     TFX's InfraValidator as an option, on Kubernetes
"""
