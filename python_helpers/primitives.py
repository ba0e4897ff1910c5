"""Collects what the other helpers need to look at objects, before any target code runs.

Contract: leaves in its globals `PRIMITIVES`, a dictionary of names and objects. All of them are
built into the interpreter and cannot be changed by code: whatever a target does to `inspect`,
`builtins` or its own classes, these still tell what is there.
"""

import enum
import functools
import threading
import types


def _getter(of, name):
    """The part of the interpreter that reads this attribute of this very type."""
    return of.__dict__[name].__get__


PRIMITIVES = {
    # Types.
    "FunctionType": types.FunctionType,
    "MethodType": types.MethodType,
    "ModuleType": types.ModuleType,
    "CodeType": types.CodeType,
    "BuiltinFunctionType": types.BuiltinFunctionType,
    "MappingProxyType": types.MappingProxyType,
    "GenericAlias": types.GenericAlias,
    "UnionType": getattr(types, "UnionType", None),
    "partial": functools.partial,
    # Reading attributes without asking the object.
    "module_dict": _getter(types.ModuleType, "__dict__"),
    "type_dict": _getter(type, "__dict__"),
    "type_mro": _getter(type, "__mro__"),
    "type_bases": _getter(type, "__bases__"),
    "type_name": _getter(type, "__name__"),
    "type_qualname": _getter(type, "__qualname__"),
    "type_module": _getter(type, "__module__"),
    "function_code": _getter(types.FunctionType, "__code__"),
    "function_defaults": _getter(types.FunctionType, "__defaults__"),
    "function_keyword_defaults": _getter(types.FunctionType, "__kwdefaults__"),
    "function_annotations": _getter(types.FunctionType, "__annotations__"),
    "function_dict": _getter(types.FunctionType, "__dict__"),
    "function_name": _getter(types.FunctionType, "__name__"),
    "function_qualname": _getter(types.FunctionType, "__qualname__"),
    "function_module": types.FunctionType.__dict__["__module__"].__get__,
    "function_globals": _getter(types.FunctionType, "__globals__"),
    "method_function": _getter(types.MethodType, "__func__"),
    "static_function": _getter(staticmethod, "__func__"),
    "class_function": _getter(classmethod, "__func__"),
    "property_get": _getter(property, "fget"),
    "partial_function": _getter(functools.partial, "func"),
    "code_flags": _getter(types.CodeType, "co_flags"),
    "code_name": _getter(types.CodeType, "co_name"),
    "code_file": _getter(types.CodeType, "co_filename"),
    "code_line": _getter(types.CodeType, "co_firstlineno"),
    "code_lines": types.CodeType.__dict__["co_lines"] if hasattr(types.CodeType, "co_lines") else None,
    "code_constants": _getter(types.CodeType, "co_consts"),
    "code_names": _getter(types.CodeType, "co_varnames"),
    "code_argument_count": _getter(types.CodeType, "co_argcount"),
    "code_positional_count": _getter(types.CodeType, "co_posonlyargcount"),
    "code_keyword_count": _getter(types.CodeType, "co_kwonlyargcount"),
    "object_new": object.__new__,
    "object_getattribute": object.__getattribute__,
    "object_setattr": object.__setattr__,
    "Thread": threading.Thread,
    "Event": threading.Event,
    "thread_daemon": threading.Thread.daemon.fget,
    "Enum": enum.Enum,
    "typing_union": getattr(types, "UnionType", None),
}
