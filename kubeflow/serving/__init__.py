"""Manifests of servers that read the pushed versions where the Pusher puts them.

    python -m kubeflow serving CONFIG.yaml --kind tensorflow-serving -o serving.yaml
    kubectl apply -f serving.yaml

tensorflow_serving.py  a Deployment and a Service of plain TensorFlow Serving
kserve.py              an InferenceService of KServe
place.py               where the versions are, as a pod finds them
pod.py                 what both ask of a pod
manifests.py           the file that is written
command.py             the command
"""
