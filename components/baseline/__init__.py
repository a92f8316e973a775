"""Which earlier model a run uses, chosen from ML Metadata by TFX's Resolver.

resolver       node Baseline: the model that the candidate is compared with
released       the released version, where the metadata do not know its model
earlier_model  node EarlierModel: the model that a warm start begins from
"""
