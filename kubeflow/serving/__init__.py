"""Manifests of model servers, which read the versions that the Pusher pushes.

    python -m kubeflow serving CONFIG.yaml --kind tensorflow-serving -o serving.yaml
    kubectl apply -f serving.yaml

tensorflow_serving.py  a Deployment and a Service of plain TensorFlow Serving
kserve.py              an InferenceService of KServe
model_location.py      the folder of the pushed versions: a path on a volume, or a URL
pod.py                 fields of the pod that both have in common
manifests.py           the text of the file
command.py             `python -m kubeflow serving`
"""
