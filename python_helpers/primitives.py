"""Collects what the other helpers need to look at objects, before any target code runs.

Contract: leaves in its globals `PRIMITIVES`, a dictionary of names and objects. All of them are
built into the interpreter and cannot be changed by code: whatever a target does to `inspect`,
`builtins` or its own classes, these still tell what is there. The worker adds `instance_dict`, which
Python code has no sure way to ask for, and the classes that stubs are made of.
"""

import enum
import functools
import threading
import types
import typing


def _getter(of, name):
    """The part of the interpreter that reads this attribute of this very type."""
    return of.__dict__[name].__get__


def _found(*names):
    """The classes of `typing` that this version has under these names."""
    return tuple(getattr(typing, name) for name in names if isinstance(getattr(typing, name, None), type))


_UNION = getattr(types, "UnionType", None)

PRIMITIVES = {
    # Types.
    "FunctionType": types.FunctionType,
    "MethodType": types.MethodType,
    "ModuleType": types.ModuleType,
    "CodeType": types.CodeType,
    "MappingProxyType": types.MappingProxyType,
    "partial": functools.partial,
    # Annotations.
    "GenericAlias": types.GenericAlias,
    "alias_origin": _getter(types.GenericAlias, "__origin__"),
    "alias_arguments": _getter(types.GenericAlias, "__args__"),
    "UnionType": _UNION,
    "union_arguments": _getter(_UNION, "__args__") if _UNION is not None else None,
    "UNION": typing.Union,
    "ANNOTATED_ALIAS": typing._AnnotatedAlias,
    "TYPING_ALIASES": _found(
        "_GenericAlias", "_UnionGenericAlias", "_LiteralGenericAlias", "_CallableGenericAlias",
        "_ConcatenateGenericAlias", "_SpecialGenericAlias", "_TupleType", "_CallableType",
        "_AnnotatedAlias",
    ),
    "TYPING_NAMED": _found("TypeVar", "ForwardRef", "_SpecialForm", "_LiteralSpecialForm", "_TypedCacheSpecialForm"),
    "TypeVar": typing.TypeVar,
    "ForwardRef": typing.ForwardRef,
    "type_variable_name": _getter(typing.TypeVar, "__name__") if "__name__" in typing.TypeVar.__dict__ else None,
    "forward_argument": _getter(typing.ForwardRef, "__forward_arg__"),
    "special_name": _getter(typing._SpecialForm, "_name"),
    # Reading containers and attributes without asking the object.
    "dict_items": dict.items,
    "proxy_items": types.MappingProxyType.items,
    "tuple_iter": tuple.__iter__,
    "MemberDescriptorType": types.MemberDescriptorType,
    "GetSetDescriptorType": types.GetSetDescriptorType,
    "WrapperDescriptorType": types.WrapperDescriptorType,
    "member_get": types.MemberDescriptorType.__get__,
    "type_flags": _getter(type, "__flags__"),
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
    "partial_arguments": _getter(functools.partial, "args"),
    "partial_keywords": _getter(functools.partial, "keywords"),
    "code_flags": _getter(types.CodeType, "co_flags"),
    "code_name": _getter(types.CodeType, "co_name"),
    "code_file": _getter(types.CodeType, "co_filename"),
    "code_line": _getter(types.CodeType, "co_firstlineno"),
    "code_constants": _getter(types.CodeType, "co_consts"),
    "code_names": _getter(types.CodeType, "co_varnames"),
    "code_argument_count": _getter(types.CodeType, "co_argcount"),
    "code_positional_count": _getter(types.CodeType, "co_posonlyargcount"),
    "code_keyword_count": _getter(types.CodeType, "co_kwonlyargcount"),
    "Thread": threading.Thread,
    "Event": threading.Event,
    "Enum": enum.Enum,
}
