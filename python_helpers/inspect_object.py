"""Tells what an object is, without asking it.

Contract: run in fresh globals that hold the primitives and untouched builtins, after the target's
code has run. `answer(namespace, symbol)` returns a dictionary of plain values: `found`, and when
it was found the facts. `make` constructs an instance, and then, in globals of its own, `held` tells
what that holds.

Save for `make`, nothing here may call code of the target, because code that is called can look up
the frames that called it and change them: no `repr`, no `==`, no `in`, no attribute access that a
class could answer itself, and no look-up by key in dictionaries of the target, whose keys may be
strings of a class that compares as it likes.
"""

_COROUTINE = 0x80
_ITERABLE_COROUTINE = 0x100
_GENERATOR = 0x20
_ASYNC_GENERATOR = 0x200
_VARIADIC = 0x04
_KEYWORDS = 0x08
_HEAP_TYPE = 1 << 9
_LONGEST = 2000
_MISSING = object()


def answer(namespace, symbol):
    if symbol is None:
        return {"found": True, "facts": _module_facts(namespace)}
    owner, held_by = None, namespace
    walked = []
    for name in symbol.split("."):
        walked.append(name)
        value = _member(owner, held_by, name)
        if value is _MISSING:
            missing = {"found": False, "at": ".".join(walked)}
            stub = _stub_of(owner) if held_by is None else _get(namespace, "_assay_stub")
            if type(stub) is str:
                missing["stub"] = stub
            answering = _answering(owner, held_by)
            if answering is not None:
                missing["answered-by"] = answering
            return missing
        owner, held_by = value, None
    return {"found": True, "facts": facts(owner)}


def _answering(owner, namespace):
    """What may answer for names that nothing defines."""
    if namespace is not None:
        return "__getattr__" if _get(namespace, "__getattr__") is not _MISSING else None
    for base in type_mro(type(owner)):
        for name in ("__getattr__", "__getattribute__"):
            # Of what is written in C only the usual way to look attributes up has one.
            if type_flags(base) & _HEAP_TYPE and _get(type_dict(base), name) is not _MISSING:
                return type_qualname(base) + "." + name
    return None


def make(namespace, symbol, fake):
    """Makes an instance, with `fake` for each argument that the constructor needs. The target's
    constructor runs; its exceptions are not caught here.
    """
    kind, held_by = None, namespace
    for name in symbol.split("."):
        kind, held_by = _member(kind, held_by, name), None
        if kind is _MISSING:
            return None
    if not _is_class(kind):
        return None
    initializer = _initializer(kind, ("__init__",))
    positional, named = [], {}
    if initializer is not None:
        for parameter in _signature(initializer, True)["parameters"]:
            if "default" in parameter or parameter["kind"].startswith("var-"):
                continue
            if parameter["kind"] == "keyword-only":
                named[parameter["name"]] = fake(parameter["name"])
            else:
                positional.append(fake(parameter["name"]))
    return kind(*positional, **named)


def held(instance):
    """The threads and events that an instance holds."""
    threads, events = {}, []
    for name, value in _items(instance_dict(instance)):
        if type(name) is not str:
            continue
        if _derives(type(value), Thread):
            members = instance_dict(value)
            target, ident = _get(members, "_target"), _get(members, "_ident")
            function = _function(target)
            told = {"daemon": _get(members, "_daemonic") is True, "started": type(ident) is int}
            if function is not None:
                told["target"] = function_qualname(function)
            elif target is None or target is _MISSING:
                # Either it has ended, or its class says what runs.
                for base in type_mro(type(value)):
                    run = _get(type_dict(base), "run")
                    if run is not _MISSING:
                        run = _function(run)
                        told["target"] = function_qualname(run) if run is not None else None
                        break
            threads[name] = told
        elif _derives(type(value), Event):
            events.append(name)
    return {"threads": threads, "events": sorted(events)}


def threads(running):
    """The names of threads, each with what ends it."""
    names = []
    for thread in running:
        members = instance_dict(thread)
        name = _get(members, "_name")
        daemon = " (daemon)" if _get(members, "_daemonic") is True else ""
        names.append((name[:200] if type(name) is str else "a thread without a name") + daemon)
    return sorted(names)


def _items(members):
    """The pairs of a dictionary, in which nothing is looked up."""
    if members is None:
        return []
    if type(members) is MappingProxyType:
        return [*proxy_items(members)]
    return [*dict_items(members)]


def _get(members, wanted):
    """The value under a name that is the interpreter's own kind of string."""
    for name, value in _items(members):
        if type(name) is str and name == wanted:
            return value
    return _MISSING


def _member(owner, namespace, name):
    """A member of a module's namespace, a class or an instance, or a function inside a function."""
    if namespace is not None:
        return _get(namespace, name)
    kind = type(owner)
    if _is_class(owner):
        for base in type_mro(owner):
            value = _get(type_dict(base), name)
            if value is not _MISSING:
                return value
        # Up to 3.10 the members of an enumeration are found by its metaclass.
        members = _get(type_dict(owner), "_member_map_") if _derives(owner, Enum) else None
        return _get(members, name) if type(members) is dict else _MISSING
    if _derives(kind, ModuleType):
        return _get(module_dict(owner), name)
    function = _function(owner)
    code = owner if kind is CodeType else function_code(function) if function is not None else None
    if code is not None:
        for constant in code_constants(code):
            if type(constant) is CodeType and code_name(constant) == name:
                return constant
        return _MISSING
    value = _get(instance_dict(owner), name)
    for base in type_mro(kind):
        if value is _MISSING:
            value = _get(type_dict(base), name)
    if type(value) is MemberDescriptorType:
        try:
            return member_get(value, owner)
        except AttributeError:
            return _MISSING
    return value


def _is_class(thing):
    return _derives(type(thing), type)


def _derives(kind, base):
    for entry in type_mro(kind):
        if entry is base:
            return True
    return False


def _is_one_of(kind, kinds):
    """`in` would ask a metaclass whether it is equal."""
    for entry in kinds:
        if kind is entry:
            return True
    return False


def _initializer(kind, names):
    for base in type_mro(kind):
        for name in names:
            if base is not object:
                found = _get(type_dict(base), name)
                if found is not _MISSING:
                    return _function(found)
    return None


def _stub_of(thing):
    """The name of the stub that an object is or derives from."""
    if _is_class(thing):
        for base in type_mro(thing):
            name = _get(type_dict(base), "_assay_stub")
            if type(name) is str:
                return name
        return None
    for base in type_mro(type(thing)):
        if _is_one_of(base, (Stub, StubModule)):
            name = _get(instance_dict(thing), "_assay_stub")
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
        "type": _class_name(kind),
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
        members = type_dict(thing)
        told["is-stub"] = _get(members, "_assay_stub") is not _MISSING
        told["bases"] = [_class_name(base) for base in type_bases(thing)]
        told["mro"] = [_class_name(base) for base in type_mro(thing)]
        told["origin"] = _text(_get(members, "__module__"))
        told["qualname"] = type_qualname(thing)
        told["members"] = sorted(name for name, _ in _items(members) if type(name) is str)
        initializer = _initializer(thing, ("__init__", "__new__"))
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
        code = function_code(function)
        _flags(told, code_flags(code))
        told["origin"] = _text(_global_name(function))
        told["qualname"] = function_qualname(function)
        told["line"] = code_line(code)
        told["file"] = code_file(code)
        shown_function = _undecorated(function)
        if shown_function is not function:
            told["wrapped"] = function_qualname(shown_function)
        told.update(_signature(shown_function, type(thing) is MethodType))
    return told


def _undecorated(function):
    """Decorators that keep the wrapped function are looked through for the signature alone: that is
    what a caller is told. They give the wrapper its name; code of any other name in `__wrapped__` is
    no decorator's doing.
    """
    name = function_name(function)
    for _ in range(20):
        inner = _function(_get(function_dict(function), "__wrapped__"))
        if inner is None or code_name(function_code(inner)) != name:
            break
        function = inner
    return function


def _global_name(function):
    """The name of the module in which a function was defined, which `__module__` may not be."""
    name = _get(function_globals(function), "__name__")
    return name if type(name) is str else function_module(function)


def _flags(told, flags):
    told["is-coroutine-function"] = bool(flags & _COROUTINE)
    told["is-async-generator"] = bool(flags & _ASYNC_GENERATOR)
    told["is-generator-function"] = bool(flags & _GENERATOR)
    if flags & _ITERABLE_COROUTINE:
        told["is-iterable-coroutine"] = True


def _module_facts(namespace):
    names = sorted(name for name, _ in _items(namespace) if type(name) is str)
    return {"type": "module", "names": names, "value": "<module>", "callable": False}


def _signature(function, bound):
    code = function_code(function)
    names = code_names(code)
    positional = code_argument_count(code)
    only_positional = code_positional_count(code)
    keyword = code_keyword_count(code)
    defaults = function_defaults(function)
    defaults = [] if defaults is None else [*tuple_iter(defaults)]
    keyword_defaults = _plain(function_keyword_defaults(function))
    annotations = _plain(function_annotations(function))
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


def _plain(members):
    """A dictionary of our own, with the keys that are plain strings."""
    if members is None:
        return {}
    return {name: value for name, value in _items(members) if type(name) is str}


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


def annotated(annotation, depth=0):
    """An annotation as it would be written in the source."""
    if type(annotation) is str:
        return annotation
    if annotation is None or annotation is type(None):
        return "None"
    if annotation is Ellipsis:
        return "..."
    if depth > 20:
        return "<nested>"
    kind = type(annotation)
    stub = _stub_of(annotation)
    if stub is not None and not _is_class(annotation):
        return stub
    if _is_class(annotation) and not _derives(kind, GenericAlias):
        return _class_name(annotation)
    if _derives(kind, GenericAlias):
        return _subscripted(_class_name(alias_origin(annotation)), alias_arguments(annotation), depth)
    if UnionType is not None and kind is UnionType:
        arguments = union_arguments(annotation)
        return " | ".join([annotated(entry, depth + 1) for entry in tuple_iter(arguments)])
    if _is_one_of(kind, TYPING_ALIASES):
        return _typing_alias(annotation, depth)
    if _is_one_of(kind, TYPING_NAMED):
        return _typing_name(annotation, kind)
    return shown(annotation)


def _typing_name(annotation, kind):
    if kind is ForwardRef:
        name = forward_argument(annotation)
    elif kind is TypeVar:
        read = type_variable_name
        name = read(annotation) if read is not None else _get(instance_dict(annotation), "__name__")
    else:
        name = special_name(annotation)
    return name if type(name) is str else "<%s>" % type_name(kind)


def _typing_alias(annotation, depth):
    """`Optional[int]` and the like, which are objects of the library and can be read as such."""
    members = instance_dict(annotation)
    name, arguments = _get(members, "_name"), _get(members, "__args__")
    origin = _get(members, "__origin__")
    if type(arguments) is not tuple:
        return name if type(name) is str else "<typing>"
    if UNION is not None and origin is UNION:
        rest = [entry for entry in arguments if entry is not type(None)]
        if len(rest) == 1 and len(arguments) == 2:
            return "Optional[" + annotated(rest[0], depth + 1) + "]"
        return _subscripted("Union", arguments, depth)
    if _derives(type(annotation), ANNOTATED_ALIAS):
        metadata = _get(members, "__metadata__")
        more = [shown(entry) for entry in metadata] if type(metadata) is tuple else []
        return "Annotated[" + ", ".join([annotated(origin, depth + 1)] + more) + "]"
    if type(name) is not str:
        name = _class_name(origin) if _is_class(origin) else _special(origin)
    if name == "Literal":
        return "Literal[" + ", ".join([shown(entry) for entry in arguments]) + "]"
    return _subscripted(name, arguments, depth)


def _special(origin):
    return _typing_name(origin, type(origin)) if _is_one_of(type(origin), TYPING_NAMED) else "<typing>"


def _subscripted(name, arguments, depth):
    arguments = [*tuple_iter(arguments)]
    if len(arguments) == 1 and type(arguments[0]) is tuple and not arguments[0]:
        arguments = []
    parts = [annotated(entry, depth + 1) for entry in arguments]
    if name.rpartition(".")[2] == "Callable" and parts:
        taken = "..." if arguments[0] is Ellipsis else "[" + ", ".join(parts[:-1]) + "]"
        parts = [taken, parts[-1]]
    return name + "[" + (", ".join(parts) or "()") + "]"


def shown(thing, depth=0):
    """Like `repr`, for the interpreter's own types; others are named and not asked."""
    kind = type(thing)
    if _is_one_of(kind, (int, float, complex, bool, type(None), str, bytes, range)) or thing is Ellipsis:
        if kind is int and int.bit_length(thing) > 4096:
            return "<int of %d bits>" % int.bit_length(thing)
        if kind is range:
            # Its ends may be numbers of a class that writes itself as it likes.
            return "<range>"
        if _is_one_of(kind, (str, bytes)) and len(thing) > _LONGEST:
            return repr(thing[:_LONGEST]) + "..."
        return repr(thing)
    if depth < 4 and _is_one_of(kind, (list, tuple, set, frozenset, dict)):
        if len(thing) > 100:
            return "<%s of %d items>" % (type_name(kind), len(thing))
        if kind is dict:
            items = [shown(key, depth + 1) + ": " + shown(value, depth + 1) for key, value in _items(thing)]
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
        name = _get(instance_dict(thing), "_name_")
        if type(name) is str:
            return _class_name(kind) + "." + name
    return "<" + _class_name(kind) + " object>"


def _class_name(kind):
    """As `inspect` writes a class: with its module unless it is built in."""
    name = type_qualname(kind)
    if type_flags(kind) & _HEAP_TYPE:
        module = _get(type_dict(kind), "__module__")
    else:
        # Written in C: the module is part of its name, and nothing is looked up.
        module = type_module(kind)
    return name if type(module) is not str or module == "builtins" else module + "." + name


def _callable(thing):
    for base in type_mro(type(thing)):
        if _get(type_dict(base), "__call__") is not _MISSING:
            return True
    return False


def _text(value):
    return value if type(value) is str else None
