"""Turns an exception into data.

Contract: run in fresh globals that hold the primitives and untouched builtins. `answer(kind,
value, frames)` returns the exception's type, message and, from `frames` (file, line, function),
the traceback. A message that cannot be had without trouble is left out.
"""

_LONGEST = 4000
_REFUSED = (-2, -3, -5, 1, 13, 24, 27, 28, 30, 97, 101, 113, 122)


def answer(kind, value, frames):
    told = {
        "type": type_name(kind),
        "module": type_module(kind) if type(type_module(kind)) is str else None,
        "message": _message(value),
        "frames": frames[-50:],
        "bases": [type_name(base) for base in type_mro(kind)],
    }
    for base in type_mro(kind):
        if base is MemoryError:
            told["memory"] = True
        if base is PermissionError or (base is OSError and _plain(_attribute(value, "errno")) in _REFUSED):
            # The sandbox speaks, not the target.
            told["refused"] = True
        if base is SystemExit:
            told["exit"] = _code(value)
        if base is ModuleNotFoundError:
            told["missing"] = _plain(_attribute(value, "name"))
        if base is SyntaxError:
            told["file"] = _plain(_attribute(value, "filename"))
            told["line"] = _plain(_attribute(value, "lineno"))
            told["message"] = _plain(_attribute(value, "msg")) or told["message"]
    return told


def _message(value):
    try:
        text = str(value)
    except BaseException:
        return "(its message cannot be shown)"
    return str.__str__(text)[:_LONGEST]


def _attribute(value, name):
    for base in type_mro(type(value)):
        if base in (ImportError, SyntaxError, SystemExit, OSError):
            return type_dict(base)[name].__get__(value)
    return None


def _code(value):
    code = _attribute(value, "code")
    if code is None:
        return 0
    return code if type(code) is int else 1


def _plain(value):
    return value if type(value) in (str, int) else None
