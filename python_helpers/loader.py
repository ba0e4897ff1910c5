"""Prepares a process for one question and imports the target's modules.

Contract: `prepare(request, touched)` sets up `sys.path`, the environment and the import system from
a request; the names that are taken from stubs are added to `touched`. `make(module)` makes a module
whose name cannot be imported from its place, and does not run it. Running is not done here: the
worker puts `exec_module` into `TargetLoader`, and `module(name)`, which tells the module object
that a file of the target really ran in, beside it.
"""

import importlib.machinery
import importlib.util
import os
import re
import sys

from _assay.stubs import StubFinder

_CAUGHT = re.compile(r"^\s*except\s*\*?\s*(\(?[\w., \t]+\)?)", re.MULTILINE)
_NAME = re.compile(r"(\w+)\s*(?=[,)\s]|$)")

_state = {}

# What any Python has loaded before a program runs: a program cannot take their names.
_ALWAYS = ("abc", "codecs", "encodings", "genericpath", "io", "os", "posixpath", "site", "stat", "sys")


class TargetLoader(importlib.machinery.SourceFileLoader):
    """Runs the source as it is now; compiled files that lie beside it are not trusted."""

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class ForeignLoader(importlib.machinery.SourceFileLoader):
    """Runs code that is not the target's without noting its lines, which would take longer than it."""

    def exec_module(self, module):
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            super().exec_module(module)
        finally:
            sys.settrace(tracer)


class TargetFinder:
    """The path based finder, with our loader for files of the target."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None:
            return None
        if spec.loader is None:
            # A directory of the target without `__init__.py` gives way to a declared package of
            # its name; installed packages such as `google` are made this way and are real.
            if all(_inside(directory + os.sep) for directory in spec.submodule_search_locations or ()):
                return _state["stubs"].find_spec(name)
            return None
        if type(spec.loader) is importlib.machinery.SourceFileLoader:
            if _inside(spec.origin):
                spec.loader = TargetLoader(spec.loader.name, spec.loader.path)
                spec.cached = None
            elif sys.gettrace() is not None:
                spec.loader = ForeignLoader(spec.loader.name, spec.loader.path)
        return spec


def prepare(request, touched):
    surroundings = request["surroundings"]
    root = os.path.realpath(surroundings["root"])
    caught = set()
    stubs = StubFinder(surroundings["stubs"], caught, touched)
    _state.update(root=root + os.sep, caught=caught, stubs=stubs)

    scratch = surroundings["scratch"]
    for name in ("home", "tmp", "work"):
        os.mkdir(os.path.join(scratch, name), 0o700)
    os.chdir(os.path.join(scratch, "work"))
    for variable in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        os.environ[variable] = os.path.join(scratch, "home")
    for variable in ("TMPDIR", "TMP", "TEMP"):
        os.environ[variable] = os.path.join(scratch, "tmp")

    path = list(surroundings["path"])
    _make_way(path)
    sys.path[:0] = path
    sys.path.extend(surroundings["site"])
    sys.path_importer_cache.clear()
    sys.meta_path[:] = [
        finder for finder in sys.meta_path if finder is not importlib.machinery.PathFinder
    ]
    sys.meta_path.extend([TargetFinder, importlib.machinery.PathFinder, stubs])
    sys.argv[:] = [request["module"]["file"]]


def make(module):
    name, file = module["name"], module["file"]
    spec = importlib.util.spec_from_file_location(name, file, loader=TargetLoader(name, file))
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    return made


def _inside(file):
    return file is not None and os.path.realpath(file).startswith(_state["root"])


def _make_way(path):
    """Modules of the target that have the name of a standard one come first, as on a command line.

    Those that the interpreter itself runs on are beyond the reach of any program.
    """
    for directory in path:
        try:
            entries = os.listdir(directory)
        except OSError:
            continue
        for entry in entries:
            stem, dot, suffix = entry.partition(".")
            if stem not in sys.modules or stem in _ALWAYS or stem in _state["bare"]:
                continue
            if suffix == "py" or (not dot and os.path.isfile(os.path.join(directory, entry, "__init__.py"))):
                for loaded in [name for name in sys.modules if name == stem or name.startswith(stem + ".")]:
                    del sys.modules[loaded]


def learn(source):
    """Notes the names that are caught: a stub of such a name has to be an exception."""
    for clause in _CAUGHT.findall(source.decode("utf-8", "replace")):
        clause = clause.split(" as ")[0]
        _state["caught"].update(_NAME.findall(clause))
