"""Tells what an object is, without asking it.

Contract: run in fresh globals that hold the primitives and untouched builtins, after the target's
code has run. `answer(namespace, symbol)` returns a dictionary of plain values: `found`, and when
it was found the facts. Nothing here calls code of the target: no `repr`, no `==`, no attribute
access that a class could answer itself.
"""

_COROUTINE = 0x80
_ITERABLE_COROUTINE = 0x100
_GENERATOR = 0x20
_ASYNC_GENERATOR = 0x200
_VARIADIC = 0x04
_KEYWORDS = 0x08
_LONGEST = 2000


def answer(namespace, symbol):
    if symbol is None:
        return {"found": True, "facts": _module_facts(namespace)}
    owner, thing, held_by = None, None, namespace
    walked = []
    for name in symbol.split("."):
        walked.append(name)
        found, value = _member(owner, held_by, name)
        if not found:
            missing = {"found": False, "at": ".".join(walked)}
            stub = _stub_of(owner) if owner is not None else namespace.get("_assay_stub")
            if type(stub) is str:
                missing["stub"] = stub
            return missing
        owner, thing = value, value
        held_by = None
    return {"found": True, "facts": facts(thing)}


def construct(namespace, symbol, fake):
    """Makes an instance, with `fake` for each argument that the constructor needs, and tells what
    threads and events it holds. The target's constructor runs; its exceptions are not caught here.
    """
    kind = namespace
    for name in symbol.split("."):
        found, kind = _member(None, kind, name) if kind is namespace else _member(kind, None, name)
        if not found:
            return {"threads": {}, "events": []}
    if not _is_class(kind):
        return {"threads": {}, "events": []}
    initializer = None
    for base in type_mro(kind):
        if "__init__" in type_dict(base):
            initializer = _function(type_dict(base)["__init__"])
            break
    positional, named = [], {}
    if initializer is not None:
        for parameter in _signature(initializer, True)["parameters"]:
            if "default" in parameter or parameter["kind"].startswith("var-"):
                continue
            if parameter["kind"] == "keyword-only":
                named[parameter["name"]] = fake(parameter["name"])
            else:
                positional.append(fake(parameter["name"]))
    instance = kind(*positional, **named)
    threads, events = {}, []
    members = object_getattribute(instance, "__dict__")
    for name in [name for name in members if type(name) is str]:
        value = members[name]
        if _derives(type(value), Thread):
            held = object_getattribute(value, "__dict__")
            function = _function(held.get("_target"))
            told = {"daemon": held.get("_daemonic") is True, "started": held.get("_ident") is not None}
            if function is not None:
                told["target"] = function_qualname(function)
            elif held.get("_target") is None:
                # Either it has ended, or its class says what runs.
                for base in type_mro(type(value)):
                    if "run" in type_dict(base):
                        run = _function(type_dict(base)["run"])
                        told["target"] = function_qualname(run) if run is not None else None
                        break
            threads[name] = told
        elif _derives(type(value), Event):
            events.append(name)
    return {"threads": threads, "events": sorted(events)}


def _member(owner, namespace, name):
    """A member of a module's namespace, of a class, or a function inside a function."""
    if namespace is not None:
        if name in namespace:
            return True, namespace[name]
        return False, None
    kind = type(owner)
    if _is_class(owner):
        for base in type_mro(owner):
            members = type_dict(base)
            if name in members:
                return True, members[name]
        return False, None
    if _derives(kind, ModuleType):
        members = module_dict(owner)
        return (True, members[name]) if name in members else (False, None)
    function = _function(owner)
    code = owner if kind is CodeType else function_code(function) if function is not None else None
    if code is not None:
        for constant in code_constants(code):
            if type(constant) is CodeType and code_name(constant) == name:
                return True, constant
    return False, None


def _is_class(thing):
    return _derives(type(thing), type)


def _derives(kind, base):
    for entry in type_mro(kind):
        if entry is base:
            return True
    return False


def _stub_of(thing):
    """The name of the stub that an object is or derives from."""
    if _is_class(thing):
        for base in type_mro(thing):
            name = type_dict(base).get("_assay_stub")
            if type(name) is str:
                return name
        return None
    for base in type_mro(type(thing)):
        if type_name(base) in ("Stub", "StubModule") and type_module(base) == "_assay.stubs":
            name = object_getattribute(thing, "__dict__").get("_assay_stub")
            return name if type(name) is str else "?"
    return None


def _function(thing):
    """The plain function below methods, static and class methods, properties and partials."""
    for _ in range(100):
        kind = type(thing)
        if kind is FunctionType:
            return thing
        if kind is MethodType:
            thing = method_function(thing)
        elif _derives(kind, staticmethod):
            thing = static_function(thing)
        elif _derives(kind, classmethod):
            thing = class_function(thing)
        elif _derives(kind, property):
            thing = property_get(thing)
        elif _derives(kind, partial):
            thing = partial_function(thing)
        else:
            return None
    return None


def facts(thing):
    kind = type(thing)
    told = {
        "type": _type_name(kind),
        "value": shown(thing),
        "callable": _callable(thing),
        "is-class": _is_class(thing),
        "is-coroutine-function": False,
        "is-async-generator": False,
        "is-generator-function": False,
    }
    stub = _stub_of(thing)
    if stub is not None:
        told["stub"] = stub
    if _is_class(thing):
        told["is-stub"] = "_assay_stub" in type_dict(thing)
        told["bases"] = [_class_name(base) for base in type_bases(thing)]
        told["mro"] = [_class_name(base) for base in type_mro(thing)]
        told["origin"] = _text(type_dict(thing).get("__module__"))
        told["qualname"] = type_qualname(thing)
        told["members"] = sorted(name for name in type_dict(thing) if type(name) is str)
        initializer = None
        for base in type_mro(thing):
            for name in ("__init__", "__new__"):
                if initializer is None and base is not object and name in type_dict(base):
                    initializer = _function(type_dict(base)[name])
        if initializer is not None:
            told.update(_signature(initializer, True))
        return told
    if kind is CodeType:
        _flags(told, code_flags(thing))
        told["callable"] = True
        told["line"] = code_line(thing)
        told["file"] = code_file(thing)
        return told
    function = _function(thing)
    if function is not None:
        _flags(told, code_flags(function_code(function)))
        told["origin"] = _text(function_module(function))
        told["qualname"] = function_qualname(function)
        told["line"] = code_line(function_code(function))
        told["file"] = code_file(function_code(function))
        # Decorators that keep the wrapped function are looked through for the signature alone:
        # that is what a caller is told.
        shown_function, depth = function, 0
        while depth < 20:
            inner = _function(function_dict(shown_function).get("__wrapped__"))
            if inner is None:
                break
            shown_function, depth = inner, depth + 1
        if depth:
            told["wrapped"] = function_qualname(shown_function)
        told.update(_signature(shown_function, type(thing) is MethodType))
    return told


def _flags(told, flags):
    told["is-coroutine-function"] = bool(flags & _COROUTINE)
    told["is-async-generator"] = bool(flags & _ASYNC_GENERATOR)
    told["is-generator-function"] = bool(flags & _GENERATOR)
    if flags & _ITERABLE_COROUTINE:
        told["is-iterable-coroutine"] = True


def _module_facts(namespace):
    names = sorted(name for name in namespace if type(name) is str)
    return {"type": "module", "names": names, "value": "<module>", "callable": False}


def _signature(function, bound):
    code = function_code(function)
    names = code_names(code)
    positional = code_argument_count(code)
    only_positional = code_positional_count(code)
    keyword = code_keyword_count(code)
    defaults = function_defaults(function) or ()
    keyword_defaults = function_keyword_defaults(function) or {}
    annotations = _annotations(function)
    flags = code_flags(code)
    parameters = []

    def add(name, kind, default):
        entry = {"name": name, "kind": kind}
        if default is not None:
            entry["default"] = shown(default[0])
        if name in annotations:
            entry["annotation"] = annotated(annotations[name])
        parameters.append(entry)

    first_default = positional - len(defaults)
    for index in range(positional):
        kind = "positional-only" if index < only_positional else "positional-or-keyword"
        default = (defaults[index - first_default],) if index >= first_default else None
        add(names[index], kind, default)
    after = positional + keyword
    if flags & _VARIADIC:
        add(names[after], "var-positional", None)
        after += 1
    for index in range(positional, positional + keyword):
        name = names[index]
        default = (keyword_defaults[name],) if name in keyword_defaults else None
        add(name, "keyword-only", default)
    if flags & _KEYWORDS:
        add(names[after], "var-keyword", None)
    if bound and parameters and parameters[0]["kind"].startswith("positional"):
        parameters = parameters[1:]
    told = {"parameters": parameters, "signature": _rendered(parameters, annotations)}
    if "return" in annotations:
        told["return-annotation"] = annotated(annotations["return"])
    return told


def _annotations(function):
    annotations = function_annotations(function)
    if type(annotations) is not dict:
        return {}
    return {name: value for name, value in annotations.items() if type(name) is str}


def _rendered(parameters, annotations):
    parts = []
    star = False
    for index, parameter in enumerate(parameters):
        kind, name = parameter["kind"], parameter["name"]
        if kind == "keyword-only" and not star:
            parts.append("*")
            star = True
        text = {"var-positional": "*", "var-keyword": "**"}.get(kind, "") + name
        star = star or kind == "var-positional"
        if "annotation" in parameter:
            text += ": " + parameter["annotation"]
        if "default" in parameter:
            text += (" = " if "annotation" in parameter else "=") + parameter["default"]
        parts.append(text)
        following = parameters[index + 1]["kind"] if index + 1 < len(parameters) else None
        if kind == "positional-only" and following != "positional-only":
            parts.append("/")
    text = "(" + ", ".join(parts) + ")"
    if "return" in annotations:
        text += " -> " + annotated(annotations["return"])
    return text


def annotated(annotation):
    """An annotation as it would be written in the source."""
    if type(annotation) is str:
        return str.__str__(annotation)
    if annotation is None or annotation is type(None):
        return "None"
    if annotation is Ellipsis:
        return "..."
    kind = type(annotation)
    if kind is type or (_is_class(annotation) and _stub_of(annotation) is None):
        return _class_name(annotation)
    stub = _stub_of(annotation)
    if stub is not None:
        return stub
    if kind is GenericAlias or kind is UnionType or type_module(kind) == "typing":
        # These are written in C, or were loaded before the target ran.
        return repr(annotation).replace("typing.", "").replace("NoneType", "None")
    return shown(annotation)


def shown(thing, depth=0):
    """Like `repr`, for the interpreter's own types; others are named and not asked."""
    kind = type(thing)
    if kind in (int, float, complex, bool, type(None), str, bytes, range) or thing is Ellipsis:
        if kind is int and int.bit_length(thing) > 4096:
            return "<int of %d bits>" % int.bit_length(thing)
        if kind in (str, bytes) and len(thing) > _LONGEST:
            return repr(thing[:_LONGEST]) + "..."
        return repr(thing)
    if depth < 4 and kind in (list, tuple, set, frozenset, dict):
        if len(thing) > 100:
            return "<%s of %d items>" % (type_name(kind), len(thing))
        if kind is dict:
            items = [shown(key, depth + 1) + ": " + shown(value, depth + 1) for key, value in dict.items(thing)]
            return "{" + ", ".join(items) + "}"
        items = [shown(item, depth + 1) for item in thing]
        if kind is list:
            return "[" + ", ".join(items) + "]"
        if kind is tuple:
            return "(" + ", ".join(items) + ("," if len(items) == 1 else "") + ")"
        items = sorted(items)
        if kind is set:
            return "{" + ", ".join(items) + "}" if items else "set()"
        return "frozenset({" + ", ".join(items) + "})" if items else "frozenset()"
    if _is_class(thing):
        return "<class '" + _class_name(thing) + "'>"
    stub = _stub_of(thing)
    if stub is not None:
        return "<stub " + stub + ">"
    if kind is FunctionType:
        return "<function " + function_qualname(thing) + ">"
    if _derives(kind, Enum):
        members = object_getattribute(thing, "__dict__")
        name = members.get("_name_")
        if type(name) is str:
            return _class_name(kind) + "." + name
    return "<" + _class_name(kind) + " object>"


def _class_name(kind):
    """As `inspect` writes a class: with its module unless it is built in."""
    module = type_dict(kind).get("__module__")
    name = type_qualname(kind)
    if type(module) is not str or module == "builtins":
        if not type_dict(kind).get("__module__") and type_module(kind) not in ("builtins", None):
            return "%s.%s" % (type_module(kind), name)
        return name
    return module + "." + name


_type_name = _class_name


def _callable(thing):
    for base in type_mro(type(thing)):
        if "__call__" in type_dict(base):
            return True
    return False


def _text(value):
    return value if type(value) is str else None
