"""A package of its own: IPython puts another one of this name on the path of every process."""
