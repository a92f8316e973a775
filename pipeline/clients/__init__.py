"""How to ask a model that is in service, in each protocol that model servers speak.

    rest      TensorFlow Serving's REST contract, which is also KServe's v1 protocol
    grpc      TensorFlow Serving's gRPC contract
    kserve    KServe's v2 protocol (Open Inference Protocol), over HTTP

Each is a module to copy from: `build_request` and `read_answers` are the whole contract, and `ask`
goes over the network. Each can be tried:

    python -m pipeline.clients.rest http://localhost:8501 digits a.png b.png

A server needs no more of a pushed model than the folder `WORKSPACE/serving/MODEL`.
"""
