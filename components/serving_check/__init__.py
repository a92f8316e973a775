"""Asks the exported model real questions before it goes into service.

executor.py       composes: images -> questions -> clean process -> verdict -> InfraBlessing
images.py       real images from the examples, and broken ones made from them
reference.py      the scores that the Trainer left, see trainer/serving_reference.py
questions.py      what is asked
clean_process.py  starts the process that asks, and reads its answers
asker.py          that process: TensorFlow and nothing of ours
checks.py         what is wrong with the answers, in sentences
"""
