"""The ``onnxruntime`` backend for an embedded Triton: serves ``<model>/<version>/model.onnx`` on the CPU.

NVIDIA's container brings a native backend of this name; this one makes the very same repository work with the
server of a Python wheel. Triton's Python backend loads it, one ``TritonPythonModel`` a model instance.
It must not import anything of ours: it runs in Triton's own environment.

``parameters`` of ``config.pbtxt`` that it reads (the native backend knows the same two):
``intra_op_thread_count`` and ``inter_op_thread_count``, whole numbers as ``string_value``.
"""

import json
import os
import sys

import numpy as np
import onnxruntime as ort
import triton_python_backend_utils as pb_utils

_THREADS = ("intra_op_thread_count", "inter_op_thread_count")
_NUMPY_2 = int(np.__version__.split(".")[0]) >= 2


def check_numpy():
    """Refuse numpy 2 on a Python that has a numpy 1: our lock would not have installed it.

    Server 2.51 reads and writes numpy 2 arrays wrongly (empty outputs, repeated inputs) and says nothing. Python
    3.13 has no numpy 1; there every tensor goes through DLPack instead, which does not depend on numpy's layout.
    """
    if _NUMPY_2 and sys.version_info < (3, 13):
        raise pb_utils.TritonModelException(
            f"numpy {np.__version__} in Triton's environment: server 2.51 would return empty outputs; needs numpy < 2"
        )


def to_numpy(tensor):
    """The array of one of Triton's tensors, not copied where that is possible."""
    return np.from_dlpack(tensor) if _NUMPY_2 else tensor.as_numpy()


def to_tensor(name, array):
    """Triton's tensor ``name`` holding ``array``."""
    whole = np.ascontiguousarray(array).reshape(array.shape)  # ascontiguousarray turns a scalar into a vector
    return pb_utils.Tensor.from_dlpack(name, whole) if _NUMPY_2 else pb_utils.Tensor(name, whole)


def parameter(config, key):
    """The positive whole number of parameter ``key`` in the model's configuration, or None if it has none."""
    text = config.get("parameters", {}).get(key, {}).get("string_value")
    if text is None:
        return None
    if not text.isdigit():
        raise pb_utils.TritonModelException(f"parameter {key} of {config['name']} is {text!r}, not a whole number")
    return int(text)


def session_options(config):
    """onnxruntime's options for one model; the default of one thread a core is the native backend's too."""
    options = ort.SessionOptions()
    intra, inter = (parameter(config, key) for key in _THREADS)
    if intra:
        options.intra_op_num_threads = intra
    if inter:
        options.inter_op_num_threads = inter
        options.execution_mode = ort.ExecutionMode.ORT_PARALLEL
    return options


def model_path(args, config):
    """Where the weights of the version that is being loaded lie."""
    name = config.get("default_model_filename") or "model.onnx"
    path = os.path.join(args["model_repository"], args["model_version"], name)
    if not os.path.exists(path):
        raise pb_utils.TritonModelException(f"model {args['model_name']}: no file {path}")
    return path


def check_names(config, session):
    """Refuse a configuration whose inputs or outputs the network does not have."""
    for kind, there in (("input", session.get_inputs()), ("output", session.get_outputs())):
        wanted = {entry["name"] for entry in config[kind]}
        missing = wanted - {value.name for value in there}
        if missing:
            raise pb_utils.TritonModelException(
                f"model {config['name']}: config.pbtxt names {kind} {sorted(missing)}, the network has "
                f"{[value.name for value in there]}"
            )


class TritonPythonModel:
    """One instance of one model."""

    def initialize(self, args):
        """Load the network; any error here stops the server from becoming ready, with its reason in the log."""
        check_numpy()
        config = json.loads(args["model_config"])
        self._name = args["model_name"]
        self._session = ort.InferenceSession(
            model_path(args, config), session_options(config), providers=["CPUExecutionProvider"]
        )
        check_names(config, self._session)
        self._inputs = [entry["name"] for entry in config["input"]]
        self._outputs = {
            entry["name"]: pb_utils.triton_string_to_numpy(entry["data_type"]) for entry in config["output"]
        }

    def execute(self, requests):
        """Answer each request by itself: an error in one is that one's error, the others are served."""
        return [self._answer(request) for request in requests]

    def _answer(self, request):
        try:
            return pb_utils.InferenceResponse(self._run(request))
        except Exception as error:  # onnxruntime's exceptions share no base; the server must outlive them all
            message = f"model {self._name}: {type(error).__name__}: {error}"
            return pb_utils.InferenceResponse([], pb_utils.TritonError(message))

    def _run(self, request):
        feeds = {name: to_numpy(pb_utils.get_input_tensor_by_name(request, name)) for name in self._inputs}
        wanted = [name for name in request.requested_output_names() if name in self._outputs]
        results = self._session.run(wanted, feeds)
        return [self._tensor(name, value) for name, value in zip(wanted, results)]

    def _tensor(self, name, value):
        declared = self._outputs[name]
        if value.dtype != declared:
            value = value.astype(declared)
        return to_tensor(name, value)

    def finalize(self):
        """Let the network's memory go."""
        self._session = None
