"""Stands in for third-party packages that are declared as stubs and are not there.

Contract: `StubFinder(declared, exception_names, touched)` is a meta path finder that answers for
packages in `declared`. What it makes can be a base class, a decorator, a generic, a context
manager, a constant in arithmetic, awaited, iterated (it is empty), raised and caught. Every name
that is taken from it is added to `touched`.
"""

import importlib.machinery
import re
import types

_EXCEPTION_NAME = re.compile(
    r"(Error|Exception|Warning|Failure|Interrupt|Timeout|Timedout|TimedOut|Expired|Exceeded|Refused"
    r"|Terminated|NotFound|Denied|Invalid|Again|Empty|Full|Closed|Unavailable|Cancelled)\Z"
)
_PREDICATE = re.compile(r"(\A|_)(is|has|can|should|was|are)_")
_DECORATED = (types.FunctionType, type, staticmethod, classmethod, property)


class StubFinder:
    """Finds every module of the declared packages."""

    def __init__(self, declared, exception_names, touched):
        self.declared = frozenset(declared)
        self.exception_names = exception_names
        self.touched = touched
        self.bases = {}

    def covers(self, name):
        """Whether this module belongs to a declared package."""
        parts = name.split(".")
        return any(".".join(parts[: count + 1]) in self.declared for count in range(len(parts)))

    def find_spec(self, name, path=None, target=None):
        if not self.covers(name):
            return None
        return importlib.machinery.ModuleSpec(name, self, origin="stub", is_package=True)

    def create_module(self, spec):
        self.touched.add(spec.name)
        return StubModule(spec.name, self)

    def exec_module(self, module):
        pass

    def make(self, name):
        """The stub of this dotted name."""
        self.touched.add(name)
        last = name.rpartition(".")[2]
        if last in self.exception_names or (last[:1].isupper() and _EXCEPTION_NAME.search(last)):
            return self.exception(name, last)
        return Stub(name, self)

    def exception(self, name, last):
        """A class that can be raised and caught."""
        if name not in self.bases:
            attributes = {"__module__": name.rpartition(".")[0], "__init__": _accept, "_assay_stub": name}
            self.bases[name] = type(last, (Exception,), attributes)
        return self.bases[name]

    def base(self, name):
        """The class that stands in a list of bases; without a metaclass, so that it fits beside any other."""
        if name not in self.bases:
            module, _, last = name.rpartition(".")
            attributes = {"__module__": module, "_assay_stub": name, "_assay_finder": self}
            self.bases[name] = type(last.replace("()", ""), (StubBase,), attributes)
        return self.bases[name]


class StubModule(types.ModuleType):
    """A module in which every name is there."""

    def __init__(self, name, finder):
        super().__init__(name)
        self.__dict__["_assay_stub"] = name
        self.__dict__["_assay_finder"] = finder
        # A stub is never too old for anybody.
        self.__dict__["__version__"] = "9999.0.0"
        self.__dict__["__all__"] = []

    def __getattr__(self, attribute):
        if attribute.startswith("__") and attribute.endswith("__"):
            raise AttributeError(attribute)
        made = self._assay_finder.make(self.__name__ + "." + attribute)
        self.__dict__[attribute] = made
        return made


def _accept(self, *arguments, **keywords):
    Exception.__init__(self, *arguments)
    for name, value in keywords.items():
        setattr(self, name, value)


class StubBase:
    """What a class that derives from a stub really derives from."""

    _assay_stub = None

    def __init__(self, *arguments, **keywords):
        for name, value in keywords.items():
            setattr(self, name, value)

    def __init_subclass__(cls, **keywords):
        super().__init_subclass__()

    def __class_getitem__(cls, item):
        return cls

    def __getattr__(self, attribute):
        if attribute.startswith("__") and attribute.endswith("__"):
            raise AttributeError(attribute)
        kind = type(self)
        for base in kind.__mro__:
            if "_assay_finder" in base.__dict__:
                return base._assay_finder.make(base._assay_stub + "." + attribute)
        raise AttributeError(attribute)


class Stub:
    """Any object of a stubbed package."""

    def __init__(self, name, finder):
        self.__dict__["_assay_stub"] = name
        self.__dict__["_assay_finder"] = finder
        self.__dict__["__name__"] = name.rpartition(".")[2]
        self.__dict__["__qualname__"] = name.rpartition(".")[2]
        self.__dict__["__doc__"] = None

    def __getattr__(self, attribute):
        if attribute.startswith("__") and attribute.endswith("__"):
            raise AttributeError(attribute)
        made = self._assay_finder.make(self._assay_stub + "." + attribute)
        self.__dict__[attribute] = made
        return made

    def __mro_entries__(self, bases):
        base = self._assay_finder.base(self._assay_stub)
        return () if base in bases else (base,)

    def __call__(self, *arguments, **keywords):
        last = self._assay_stub.rpartition(".")[2]
        for argument in arguments:
            if type(argument) is dict and "__builtins__" in argument and "__name__" in argument:
                self._fill(argument)
        if len(arguments) == 1 and not keywords and not last[:1].isupper():
            if isinstance(arguments[0], _DECORATED):
                return arguments[0]
        if _PREDICATE.search(last):
            # A question that nobody can answer: taken for true it would raise and return more.
            return False
        made = Stub(self._assay_stub + ("" if last.endswith("()") else "()"), self._assay_finder)
        if last.endswith("()"):
            return self
        # What a class-like stub makes carries what it was made with, as records do.
        if last[:1].isupper():
            made.__dict__.update(keywords)
        return made

    def _fill(self, namespace):
        """Generated code hands its namespace to its runtime, to be filled with what it declares."""

        def __getattr__(attribute):
            if attribute.startswith("__") and attribute.endswith("__"):
                raise AttributeError(attribute)
            namespace[attribute] = made = self._assay_finder.make(namespace["__name__"] + "." + attribute)
            return made

        namespace.setdefault("__getattr__", __getattr__)
        namespace["_assay_stub"] = self._assay_stub

    def __instancecheck__(self, instance):
        return getattr(type(instance), "_assay_stub", None) == self._assay_stub

    def __subclasscheck__(self, subclass):
        base = self._assay_finder.bases.get(self._assay_stub)
        return base is not None and base in getattr(subclass, "__mro__", ())

    def __repr__(self):
        return "<stub " + self._assay_stub + ">"

    def __getitem__(self, item):
        return self

    def __setitem__(self, item, value):
        pass

    def __delitem__(self, item):
        pass

    def __contains__(self, item):
        return False

    def __len__(self):
        return 0

    def __bool__(self):
        return True

    def __iter__(self):
        return iter(())

    def __next__(self):
        raise StopIteration

    def __aiter__(self):
        return self

    async def __anext__(self):
        raise StopAsyncIteration

    def __await__(self):
        return self
        yield

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        return None

    async def __aenter__(self):
        return self

    async def __aexit__(self, kind, value, traceback):
        return None

    def __int__(self):
        return 0

    __index__ = __int__

    def __float__(self):
        return 0.0

    def __lt__(self, other):
        return False

    __le__ = __gt__ = __ge__ = __lt__

    def __eq__(self, other):
        return self is other

    def __hash__(self):
        return id(self)

    def _operated(self, *others):
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _operated
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _operated
    __pow__ = __rpow__ = __and__ = __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = _operated
    __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = __matmul__ = __rmatmul__ = _operated
    __neg__ = __pos__ = __abs__ = __invert__ = __round__ = _operated
