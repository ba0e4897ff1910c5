"""Turns an exception into data.

Contract: run in fresh globals that hold the primitives and untouched builtins. `answer(kind,
value, frames)` returns the exception's type and, from `frames` (file, line, function), the
traceback, and calls nothing of the target. `message(value)`, asked last and in globals of its own,
lets the exception write its message; one that cannot be had without trouble is left out.
"""

_LONGEST = 4000
_HEAP_TYPE = 1 << 9
_REFUSED = (-2, -3, -5, 1, 13, 24, 27, 28, 30, 97, 101, 113, 122)


def answer(kind, value, frames):
    module = _own(type_dict(kind), "__module__") if type_flags(kind) & _HEAP_TYPE else type_module(kind)
    told = {
        "type": type_name(kind),
        "module": module if type(module) is str else None,
        "frames": frames[-50:],
        "bases": [type_name(base) for base in type_mro(kind)],
    }
    for base in type_mro(kind):
        if base is MemoryError:
            told["memory"] = True
        if base is PermissionError or (base is OSError and _plain(_attribute(value, "errno")) in _REFUSED):
            # The sandbox speaks, not the target.
            told["refused"] = True
        if base is FileNotFoundError:
            # It may be there, and hidden from here.
            told["absent"] = _plain(_attribute(value, "filename"))
        if base is SystemExit:
            told["exit"] = _code(value)
            # What was being handled: an exit for want of a package is no doing of the module.
            cause = type_dict(BaseException)["__context__"].__get__(value)
            if cause is not None:
                told["after"] = [type_name(base) for base in type_mro(type(cause))]
        if base is ModuleNotFoundError:
            told["missing"] = _plain(_attribute(value, "name"))
        if base is SyntaxError:
            told["file"] = _plain(_attribute(value, "filename"))
            told["line"] = _plain(_attribute(value, "lineno"))
            told["message"] = _plain(_attribute(value, "msg"))
    return told


def message(value):
    try:
        text = str(value)
    except BaseException:
        return "(its message cannot be shown)"
    return str.__str__(text)[:_LONGEST]


def _own(members, wanted):
    for name, value in proxy_items(members):
        if type(name) is str and name == wanted:
            return value
    return None


def _attribute(value, name):
    """An attribute that one of the interpreter's own exceptions keeps outside of any dictionary."""
    for base in type_mro(type(value)):
        for known in (ImportError, SyntaxError, SystemExit, OSError):
            if base is known:
                return type_dict(base)[name].__get__(value)
    return None


def _code(value):
    code = _attribute(value, "code")
    if code is None:
        return 0
    return code if type(code) is int else 1


def _plain(value):
    return value if type(value) is str or type(value) is int else None
