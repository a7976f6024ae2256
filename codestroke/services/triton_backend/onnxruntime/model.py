"""The ``onnxruntime`` backend for an embedded Triton: serves ``<model>/<version>/model.onnx`` on the CPU.

NVIDIA's container brings a native backend of this name; this one makes the very same repository work with the
server of a Python wheel. Triton's Python backend loads it, one ``TritonPythonModel`` a model instance.
It must not import anything of ours: it runs in Triton's own environment.

``parameters`` of ``config.pbtxt`` that it reads: ``intra_op_thread_count`` and ``inter_op_thread_count``, whole
numbers as ``string_value`` (the native backend knows the same two), and ``engine``: with ``openvino`` the network runs
on OpenVINO in 32-bit floats where that gives the answer of onnxruntime on a drawn input; where it does not, or is not
installed, onnxruntime serves. Triton's own metrics say which: ``codestroke_model_engine``.
"""

import json
import os
import sys

import numpy as np
import onnxruntime as ort
import triton_python_backend_utils as pb_utils

_THREADS = ("intra_op_thread_count", "inter_op_thread_count")
_ENGINES = ("onnxruntime", "openvino")
# Of the largest value of an output: 32-bit sums in another order differ by far less.
_AGREEMENT = 1e-3
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


class OnnxRuntime:
    """The reference engine."""

    name = "onnxruntime"

    def __init__(self, path, config):
        self._session = ort.InferenceSession(path, session_options(config), providers=["CPUExecutionProvider"])
        check_names(config, self._session)

    def run(self, wanted, feeds):
        """The outputs ``wanted`` for the inputs ``feeds``."""
        return self._session.run(wanted, feeds)


class OpenVino:
    """The same file on OpenVINO."""

    name = "openvino"

    def __init__(self, path, config):
        import openvino

        properties = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
        threads = parameter(config, "intra_op_thread_count")
        if threads:
            properties["INFERENCE_NUM_THREADS"] = threads
        self._request = openvino.Core().compile_model(path, "CPU", properties).create_infer_request()

    def run(self, wanted, feeds):
        """The outputs ``wanted`` for the inputs ``feeds``; copies, because the next run writes into the same memory."""
        self._request.infer(feeds)
        return [np.array(self._request.get_tensor(name).data) for name in wanted]


def chosen_engine(path, config, log):
    """The engine to serve with: OpenVINO where it is wanted, there, and of one mind with onnxruntime."""
    wanted = config.get("parameters", {}).get("engine", {}).get("string_value", "onnxruntime")
    if wanted not in _ENGINES:
        raise pb_utils.TritonModelException(f"parameter engine of {config['name']} is {wanted!r}, not one of {_ENGINES}")
    reference = OnnxRuntime(path, config)
    if wanted == "onnxruntime":
        return reference
    try:
        other = OpenVino(path, config)
        apart = disagreement(reference, other, config)
    except Exception as error:  # whatever it is: a model must not be missing because its faster engine is
        log(f"model {config['name']}: OpenVINO does not run it, onnxruntime serves: {type(error).__name__}: {error}")
        return reference
    if not apart <= _AGREEMENT:  # also where it is not a number
        log(f"model {config['name']}: OpenVINO differs by {apart:.2e} from onnxruntime, which serves")
        return reference
    log(f"model {config['name']}: OpenVINO serves; it differs by {apart:.2e} from onnxruntime")
    return other


def disagreement(reference, other, config):
    """The largest difference of any output on one drawn input, as a share of the largest value of that output."""
    rng = np.random.default_rng(0)
    feeds = {entry["name"]: drawn(entry, rng) for entry in config["input"]}
    names = [entry["name"] for entry in config["output"]]
    apart = []
    for one, two in zip(reference.run(names, feeds), other.run(names, feeds)):
        if one.shape != two.shape:
            return float("inf")
        first, second = np.asarray(one, np.float64), np.asarray(two, np.float64)
        apart.append(np.abs(first - second).max() / max(np.abs(first).max(), 1e-6))
    return float(np.max(apart))  # not a number where any is


def drawn(entry, rng):
    """Noise of the type of an input, in 0..255 or 0..1; a size that is left open is 1."""
    shape = [int(size) if int(size) > 0 else 1 for size in entry["dims"]]
    dtype = pb_utils.triton_string_to_numpy(entry["data_type"])
    if np.issubdtype(dtype, np.integer):
        return rng.integers(0, 256, shape).astype(dtype)
    return rng.random(shape).astype(dtype)


def tell_metrics(model, version, engine):
    """Set the gauge that names the engine of a model."""
    family = pb_utils.MetricFamily(
        name="codestroke_model_engine", description="Which engine serves a model", kind=pb_utils.MetricFamily.GAUGE
    )
    labels = {"model": model, "version": version, "engine": engine}
    gauge = family.Metric(labels=labels)
    gauge.set(1)
    return family, gauge


class TritonPythonModel:
    """One instance of one model."""

    def initialize(self, args):
        """Load the network; any error here stops the server from becoming ready, with its reason in the log."""
        check_numpy()
        config = json.loads(args["model_config"])
        self._name = args["model_name"]
        self._engine = chosen_engine(model_path(args, config), config, pb_utils.Logger.log_warn)
        self._metrics = tell_metrics(self._name, args["model_version"], self._engine.name)
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
        results = self._engine.run(wanted, feeds)
        return [self._tensor(name, value) for name, value in zip(wanted, results)]

    def _tensor(self, name, value):
        declared = self._outputs[name]
        if value.dtype != declared:
            value = value.astype(declared)
        return to_tensor(name, value)

    def finalize(self):
        """Let the network's memory go."""
        self._engine = self._metrics = None
