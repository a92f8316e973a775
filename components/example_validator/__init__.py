"""`component.ExampleCheck`, in place of TFX's ExampleValidator: anomalies stop the run.

It also finds empty splits and missing classes.
"""
