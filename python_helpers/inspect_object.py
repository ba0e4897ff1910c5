"""Tells what an object is, without asking it.

Contract: run in fresh globals that hold the primitives and untouched builtins, after the target's
code has run. `answer(namespace, symbol, ran)` returns a dictionary of plain values: `found`, and when
it was found the facts; `ran` are pairs of the namespaces in which files of the target ran and the
names of their modules. `make` constructs an instance, and then, in globals of its own, `held` tells
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


class _Computed:
    """Stands for what code of the target, or of a library, works out when the attribute is asked for."""

    def __init__(self, by):
        self.by = by


def answer(namespace, symbol, ran):
    if symbol is None:
        told = {"found": True, "facts": _module_facts(namespace)}
        answering = _answering(None, namespace)
        if answering is not None:
            told["facts"]["answered-by"] = answering
        return told
    owner, held_by = None, namespace
    walked = []
    for name in symbol.split("."):
        walked.append(name)
        value = _member(owner, held_by, name)
        if type(value) is _Computed:
            if len(walked) <= symbol.count("."):
                return {"found": False, "at": ".".join(walked), "answered-by": value.by}
            return {"found": True, "facts": {"computed": value.by}}
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
    return {"found": True, "facts": facts(owner, namespace, ran)}


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
    for name, value in _items(instance_dict(instance)) + _slots(instance):
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
                    if base is Thread:
                        break
                    if run is not _MISSING:
                        run = _function(run)
                        told["target"] = function_qualname(run) if run is not None else None
                        break
            threads[name] = told
        elif _derives(type(value), Event):
            events.append(name)
    return {"threads": threads, "events": sorted(events)}


def _slots(instance):
    """What an instance keeps outside of its dictionary, by name."""
    kept = []
    for base in type_mro(type(instance)):
        for name, member in _items(type_dict(base)):
            if type(member) is MemberDescriptorType and type(name) is str and type_flags(base) & _HEAP_TYPE:
                try:
                    kept.append((name, member_get(member, instance)))
                except AttributeError:
                    continue
    return kept


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
    """What asking for a name gives: of a module's namespace, a class or an instance, or a function
    inside a function. Methods are bound as the interpreter binds them; what other code than the
    interpreter's would have to be called for is `_Computed`.
    """
    if namespace is not None:
        return _get(namespace, name)
    kind = type(owner)
    if _is_class(owner):
        # What a metaclass defines with a setter comes first, then what the class has.
        over = _in_mro(type_mro(kind), name)
        if over is not _MISSING and _is_data(over):
            return _bound(over, owner, kind)
        value = _in_mro(type_mro(owner), name)
        if value is _MISSING:
            # Up to 3.10 the members of an enumeration are found by its metaclass.
            members = _get(type_dict(owner), "_member_map_") if _derives(owner, Enum) else None
            value = _get(members, name) if type(members) is dict else _MISSING
        if value is not _MISSING:
            return _bound(value, None, owner)
        if over is not _MISSING:
            return _bound(over, owner, kind)
        if _get(type_dict(type), name) is not _MISSING:
            return _Computed("type." + name)
        return _MISSING
    if _derives(kind, ModuleType):
        return _get(module_dict(owner), name)
    function = _function(owner)
    code = owner if kind is CodeType else function_code(function) if function is not None else None
    if code is not None:
        for constant in code_constants(code):
            if type(constant) is CodeType and code_name(constant) == name:
                return constant
        return _MISSING
    over = _in_mro(type_mro(kind), name)
    if over is not _MISSING and _is_data(over):
        return _bound(over, owner, kind)
    value = _get(instance_dict(owner), name)
    if value is not _MISSING or over is _MISSING:
        return value
    return _bound(over, owner, kind)


def _in_mro(order, name):
    """What the first class of an order has under a name. What `type` has comes after all else."""
    for base in order:
        value = _get(type_dict(base), name) if base is not type else _MISSING
        if value is not _MISSING:
            return value
    return _MISSING


def _is_data(value):
    """Whether a member of a class goes before what an instance itself has."""
    kind = type(value)
    if kind is MemberDescriptorType or kind is GetSetDescriptorType or _derives(kind, property):
        return True
    return _answers_itself(kind, ("__set__", "__delete__"))


def _answers_itself(kind, names):
    """Whether a class has one of these methods, and it is not written in C."""
    for base in type_mro(kind):
        for name in names:
            method = _get(type_dict(base), name)
            if method is not _MISSING and type(method) is not WrapperDescriptorType:
                return True
    return False


def _bound(value, instance, owner):
    """A member of the class `owner` as it is given out to whoever asks an instance, or the class."""
    kind = type(value)
    if kind is FunctionType:
        return value if instance is None else MethodType(value, instance)
    if _answers_itself(kind, ("__get__",)):
        return _Computed(type_qualname(kind) + ".__get__")
    if _derives(kind, staticmethod):
        return static_function(value)
    if _derives(kind, classmethod):
        function = class_function(value)
        return MethodType(function, owner) if type(function) is FunctionType else _Computed("classmethod")
    if kind is MemberDescriptorType:
        if instance is None:
            return value
        try:
            return member_get(value, instance)
        except AttributeError:
            return _MISSING
    if instance is not None and (kind is GetSetDescriptorType or _derives(kind, property)):
        return _Computed(type_qualname(kind))
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


def facts(thing, namespace, ran):
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
        told["origin"] = _class_origin(thing, namespace, ran)
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
        told["origin"] = _text(_global_name(function, ran))
        told["qualname"] = function_qualname(function)
        shown_function = _undecorated(function)
        if shown_function is not function:
            told["wrapped"] = function_qualname(shown_function)
        told["line"] = code_line(function_code(shown_function))
        told["file"] = code_file(function_code(shown_function))
        told.update(_described(thing) or {})
    return told


def _described(thing):
    """The signature of whatever a function is wrapped in: `None` where it cannot be worked out."""
    kind = type(thing)
    if kind is FunctionType:
        return _signature(_undecorated(thing), False)
    if kind is MethodType:
        inner = method_function(thing)
        if type(inner) is FunctionType:
            return _signature(_undecorated(inner), True)
        return None
    if _derives(kind, partial):
        told = _described(partial_function(thing))
        return told and _applied(told, tuple_iter(partial_arguments(thing)), partial_keywords(thing))
    function = _function(thing)
    return _signature(_undecorated(function), False) if function is not None else None


def _applied(told, given, named):
    """What is left of a signature when `partial` has given some arguments."""
    left = [*told["parameters"]]
    for _ in given:
        if not left or left[0]["kind"] not in ("positional-only", "positional-or-keyword"):
            if left and left[0]["kind"] == "var-positional":
                break
            return None
        left.pop(0)
    named = _plain(named)
    parameters, by_name = [], False
    for parameter in left:
        parameter = {**parameter}
        if parameter["kind"] == "var-positional" and by_name:
            continue
        if parameter["name"] in named and not parameter["kind"].startswith("var-"):
            if parameter["kind"] == "positional-only":
                return None
            by_name = True
            parameter["default"] = shown(named[parameter["name"]])
        if by_name and parameter["kind"] == "positional-or-keyword":
            parameter["kind"] = "keyword-only"
        parameters.append(parameter)
    returned = told.get("return-annotation")
    applied = {"parameters": parameters, "signature": _rendered(parameters, returned)}
    if returned is not None:
        applied["return-annotation"] = returned
    return applied


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


def _global_name(function, ran):
    """The name of the module in which a function was defined, which neither its `__module__` nor the
    module's own `__name__` may be.
    """
    namespace = function_globals(function)
    for known, name in ran:
        if known is namespace:
            return name
    name = _get(namespace, "__name__")
    return name if type(name) is str else function_module(function)


def _class_origin(kind, namespace, ran):
    """The module in which a class was defined. The interpreter keeps no other record of it than the
    class's own `__module__`, which code can change: it counts unless something speaks against it.
    """
    if not type_flags(kind) & _HEAP_TYPE:
        return type_module(kind)
    named = _text(_get(type_dict(kind), "__module__"))
    own = type_qualname(kind) + "."
    agreed = False
    for _, member in _items(type_dict(kind)):
        if type(member) is FunctionType:
            name = _global_name(member, ran)
            agreed = agreed or name == named
            if name != named and _is_target(name, ran) and function_qualname(member).startswith(own):
                return None
    # The module that was asked has it in any case.
    holders = [name for known, name in ran if known is namespace or _holds(known, kind)]
    for name in holders:
        if name == named:
            return named
    # Other modules than it names have it: they have imported it, or it has been renamed.
    return named if agreed else None


def _is_target(name, ran):
    for _, known in ran:
        if known == name:
            return True
    return False


def _holds(namespace, thing):
    for _, value in _items(namespace):
        if value is thing:
            return True
    return False


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
    returned = annotated(annotations["return"]) if "return" in annotations else None
    told = {"parameters": parameters, "signature": _rendered(parameters, returned)}
    if returned is not None:
        told["return-annotation"] = returned
    return told


def _plain(members):
    """A dictionary of our own, with the keys that are plain strings."""
    if members is None:
        return {}
    return {name: value for name, value in _items(members) if type(name) is str}


def _rendered(parameters, returned):
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
    if returned is not None:
        text += " -> " + returned
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
