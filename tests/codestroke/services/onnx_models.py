"""Tiny networks with known answers, and the repository folders that Triton reads them from."""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper

_TYPES = {
    "FP32": TensorProto.FLOAT,
    "FP16": TensorProto.FLOAT16,
    "UINT8": TensorProto.UINT8,
    "INT64": TensorProto.INT64,
}


def _affine(input_type: str) -> onnx.ModelProto:
    """Y = 2 x + 1 in 32-bit floats, whatever the type of x; and the index of the largest element."""
    nodes = [
        helper.make_node("Cast", ["x"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["wide", "two"], ["twice"]),
        helper.make_node("Add", ["twice", "one"], ["y"]),
        helper.make_node("ArgMax", ["y"], ["largest"], axis=1, keepdims=1),
    ]
    constants = [
        helper.make_tensor("two", TensorProto.FLOAT, [1], [2.0]),
        helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0]),
    ]
    graph = helper.make_graph(
        nodes,
        "affine",
        [helper.make_tensor_value_info("x", _TYPES[input_type], ["n", "m"])],
        [
            helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", "m"]),
            helper.make_tensor_value_info("largest", TensorProto.INT64, ["n", 1]),
        ],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def add_affine(repository: Path, name: str, input_type: str, *, output: str = "y", output_type: str = "FP32") -> None:
    """Put the model ``name`` into ``repository``; with another ``output`` its configuration is wrong."""
    folder = repository / name / "1"
    folder.mkdir(parents=True)
    onnx.save(_affine(input_type), folder / "model.onnx")
    (folder.parent / "config.pbtxt").write_text(
        f"""\
name: "{name}"
backend: "onnxruntime"
max_batch_size: 0
input [{{ name: "x" data_type: TYPE_{input_type} dims: [-1, -1] }}]
output [
  {{ name: "{output}" data_type: TYPE_{output_type} dims: [-1, -1] }},
  {{ name: "largest" data_type: TYPE_INT64 dims: [-1, 1] }}
]
instance_group [{{ kind: KIND_CPU count: 1 }}]
parameters {{ key: "intra_op_thread_count" value: {{ string_value: "1" }} }}
"""
    )
