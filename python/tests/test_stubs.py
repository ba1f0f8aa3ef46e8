"""The stubs of the native module are what it has, and all that is public is documented."""

import ast
import inspect
import os
from importlib import metadata
from pathlib import Path

import pytest

import earmark
from earmark import _earmark

STUBS = Path(earmark.__file__).with_name("_earmark.pyi")


def parameters(function: ast.FunctionDef) -> list[str]:
    return [argument.arg for argument in function.args.args if argument.arg not in ("self", "cls")]


def of_native(function: object) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]


def public(thing: object) -> set[str]:
    return {name for name in vars(thing) if not name.startswith("_")}


def test_the_stubs_are_the_module():
    body = ast.parse(STUBS.read_text()).body
    functions = {node.name: node for node in body if isinstance(node, ast.FunctionDef)}
    classes = {node.name: node for node in body if isinstance(node, ast.ClassDef)}
    assert set(functions) | set(classes) == public(_earmark)
    for name, function in functions.items():
        assert parameters(function) == of_native(getattr(_earmark, name)), name
    for name, node in classes.items():
        native = getattr(_earmark, name)
        methods = {part.name: part for part in node.body if isinstance(part, ast.FunctionDef)}
        assert parameters(methods.pop("__new__")) == of_native(native), name
        assert set(methods) == public(native), name
        for method, function in methods.items():
            assert parameters(function) == of_native(getattr(native, method)), (name, method)


def test_the_types_are_right():
    api = pytest.importorskip("mypy.api")
    config = Path(__file__).parents[1] / "pyproject.toml"
    words = ["--config-file", str(config), "--cache-dir", os.devnull, "-p", "earmark"]
    out, err, status = api.run(words)
    assert status == 0, out + err


def test_the_wheel_says_what_it_is():
    about = metadata.metadata("earmark")
    assert about["Version"] == earmark.__version__
    assert about["License-Expression"] == "MIT OR Apache-2.0"
    names = {path.name for path in metadata.files("earmark") or []}
    assert {"LICENSE-APACHE", "LICENSE-MIT", "py.typed", "_earmark.pyi"} <= names


def test_everything_public_is_typed_and_documented():
    assert STUBS.with_name("py.typed").exists()
    for name in earmark.__all__:
        thing = getattr(earmark, name)
        assert thing.__doc__, name
        if inspect.isfunction(thing):
            hints = inspect.signature(thing)
            assert hints.return_annotation is not inspect.Signature.empty, name
            for parameter in hints.parameters.values():
                assert parameter.annotation is not inspect.Parameter.empty, (name, parameter)
