"""Runs a proof against the target's code.

Contract: `answer(request, loader)` runs the function `probe(context)` of the given text and returns
a dictionary: `outcome` (`holds`, `does-not-hold`, `could-not`), `why`, `details`, `reached` (whether
the cited lines were executed), `says` (the first line of the proof's docstring). An exception that
the proof lets out is not caught here.
"""

import importlib
import os
import socket
import sys
import threading
import types

from _assay.stubs import Stub, StubModule

_FUNCTION = 0x01
_LONGEST = 2000


class Outcome:
    """What a proof returns. Made by the context alone."""

    def __init__(self, kind, why, details):
        self.kind, self.why, self.details = kind, why, details


class CouldNot(Exception):
    """Raised where a proof cannot go on."""

    def __init__(self, how, why):
        super().__init__(why)
        self.how = how


class Fake(Stub):
    """An object that has the attributes it was given and makes up the others."""

    def __init__(self, name, attributes):
        self.__dict__["_fake_name"] = name
        self.__dict__.update(attributes)

    def __getattr__(self, attribute):
        if attribute.startswith("__") and attribute.endswith("__"):
            raise AttributeError(attribute)
        made = Fake(self._fake_name + "." + attribute, {})
        self.__dict__[attribute] = made
        return made

    def __call__(self, *arguments, **keywords):
        if "_fake_result" not in self.__dict__:
            self.__dict__["_fake_result"] = Fake(self._fake_name + "()", {})
        return self._fake_result

    def __mro_entries__(self, bases):
        return (object,)

    def __repr__(self):
        return "<fake " + self._fake_name + ">"


def stand_in(name):
    """What a constructor is given for an argument that nobody knows."""
    return Fake(name, {})


class Lines:
    """Notes which lines of the target run, in every thread."""

    def __init__(self, root):
        self.root = root.rstrip(os.sep) + os.sep
        self.functions = {}
        self.modules = {}

    def start(self):
        threading.settrace(self.enter)
        sys.settrace(self.enter)

    def stop(self):
        sys.settrace(None)
        threading.settrace(None)

    def enter(self, frame, event, argument):
        code = frame.f_code
        if not code.co_filename.startswith(self.root):
            return None
        lines = self.functions if code.co_flags & _FUNCTION else self.modules
        seen = lines.setdefault(code.co_filename, set())
        add = seen.add

        def step(frame, event, argument):
            if event == "line":
                add(frame.f_lineno)
            return step

        return step

    def reached(self, file, first, last, functions_only):
        tables = (self.functions,) if functions_only else (self.functions, self.modules)
        for table in tables:
            for line in table.get(file, ()):
                if first <= line <= last:
                    return True
        return False


class Context:
    """What a proof is given."""

    def __init__(self, request, loader, lines):
        self._root = request["surroundings"]["root"]
        self._path = request["surroundings"]["path"]
        self._loader = loader
        self._lines = lines
        self._cited = []
        self.scratch = os.path.join(request["surroundings"]["scratch"], "work")

    def load(self, module):
        """Imports a module of the target, by its name or its file."""
        name = self._name(module) if module.endswith(".py") or "/" in module else module
        importlib.import_module(name)
        ran = self._loader.module(name)
        if ran is not None:
            return ran
        loaded = sys.modules[name]
        if self.is_stub(loaded):
            raise CouldNot("stubbed", "`%s` is a stub" % name)
        raise CouldNot("foreign-file", "`%s` is no module of the target" % name)

    def _name(self, file):
        for entry in self._path:
            inside = os.path.relpath(os.path.join(self._root, file), entry)
            parts = inside[: -len(".py")].split(os.sep)
            if parts[-1] == "__init__":
                parts.pop()
            if parts and all(part.isidentifier() for part in parts):
                return ".".join(parts)
        raise CouldNot("import-failed", "`%s` cannot be imported from `path`" % file)

    def free_port(self):
        """A TCP port of the loopback that nobody uses."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def fake(self, **attributes):
        """An object that has these attributes and makes up the others."""
        return Fake("fake", attributes)

    def discard_files(self):
        """From now on nothing makes directories, and log files take nothing: code that wants both
        beside itself, where it cannot write, gets to what is asked about."""
        # Not before somebody asks for it: every process of the worker would begin with these.
        import io, logging, pathlib

        os.makedirs = pathlib.Path.mkdir = lambda *arguments, **keywords: None
        logging.FileHandler._open = lambda handler: io.StringIO()

    def replace(self, module, **attributes):
        """Gives a module of the target other attributes, if it can be imported: what is shipped in a
        state that keeps other code from running."""
        try:
            loaded = self.load(module)
        except ImportError:
            return
        for name, value in attributes.items():
            setattr(loaded, name, value)

    def is_stub(self, thing):
        """Whether this stands in for a package that is not there."""
        kind = type(thing)
        if issubclass(kind, Fake):
            return False
        if issubclass(kind, (Stub, StubModule)):
            return True
        return issubclass(kind, type) and "_assay_stub" in thing.__dict__

    def reached(self, path, first, last=None):
        """Whether lines of a file of the target were executed; they count as cited from now on."""
        file = os.path.join(self._root, path)
        last = first if last is None else last
        self._cited.append((file, first, last))
        return self._lines.reached(file, first, last, False)

    def holds(self, why, **details):
        """The statement was seen to be true."""
        return Outcome("holds", why, details)

    def does_not_hold(self, why, **details):
        """The code was reached, and the statement was seen not to be true."""
        return Outcome("does-not-hold", why, details)

    def could_not(self, why, **details):
        """The proof could not look."""
        return Outcome("could-not", why, details)


def answer(request, loader):
    question = request["question"]
    module = types.ModuleType("assay_probe")
    sys.modules["assay_probe"] = module
    code = compile(question["source"], question["file"], "exec")
    exec(code, module.__dict__)
    function = module.__dict__.get("probe")
    if type(function) is not types.FunctionType or not module.__doc__:
        return {"outcome": "could-not", "how": "no-probe", "why": "the file has no docstring or no `probe(context)`"}
    lines = Lines(request["surroundings"]["root"])
    context = Context(request, loader, lines)
    says = module.__doc__.strip().splitlines()[0]
    lines.start()
    try:
        outcome = function(context)
    except CouldNot as problem:
        return {"outcome": "could-not", "how": problem.how, "why": str(problem), "says": says}
    finally:
        lines.stop()
    if type(outcome) is not Outcome:
        return {"outcome": "could-not", "how": "no-probe", "why": "the proof returned no outcome", "says": says}
    cited = question["cited"]
    if context._cited:
        reached = any(lines.reached(file, first, last, False) for file, first, last in context._cited)
    else:
        file = request["module"]["file"]
        reached = lines.reached(file, cited["first"], cited["last"], cited["functions_only"])
    details = {str(key): str(value)[:_LONGEST] for key, value in outcome.details.items()}
    return {
        "outcome": outcome.kind, "why": str(outcome.why)[:_LONGEST], "details": details,
        "reached": reached, "says": says,
    }
