"""The sections of the page: each reads its own data into a dataclass that its template shows.

verdict                         the decision, first on the page
metrics, confusion              accuracy, intervals, classes, slices; the confusion matrix
serving_check                   the exported model in a clean process
mistakes                        test images with a wrong or an unsure prediction
training                        stages and learning curves
data, drift                     the images, and how they differ from those of an earlier run
times, lineage                  duration by component; configuration, code, versions
number_format                   numbers as the page shows them
"""
