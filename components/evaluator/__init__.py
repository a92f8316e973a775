"""TFX's Evaluator with its own decision rule: measures a model and blesses it, or says why not.

component        `ImageEvaluator`; its settings are the section `gate`
executor         composes: probe the baseline -> TFMA -> compare -> decide -> bless
model_probe      whether an earlier model can still be run
tfma_pipeline    one pass of TFMA over the test images; `tfma_models` is its view of the models
predictions      what the models predicted for each test image: `predictions.jsonl`
metrics          confusion matrix, recall and precision by class, calibration error
slices           accuracy by class, format, size or any feature
intervals        confidence intervals
gate/            what is refused: `comparison` with the baseline, its `change_verdict`, `unseen`
                 images, `decision.json` with its `refusal_reasons`
blessing         the ModelBlessing, as TFX's Pusher and resolvers read it
"""
