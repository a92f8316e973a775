"""`component.ExampleCheck`, in place of TFX's ExampleValidator: anomalies stop the run.

It also finds empty splits and vanished classes; `anomalies` describes what was found.
"""
