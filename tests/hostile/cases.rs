//! The modules, and the one right answer to the question about each.

/// A module, the question about it, the word of the right answer, and a part of its wording.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) code: &'static str,
    pub(super) question: &'static str,
    pub(super) expected: &'static str,
    pub(super) wording: &'static str,
}

/// Asks whether `f`, which every case defines at its end unless it says otherwise, is a plain function.
pub(super) const PLAIN: &str = r#"{"is-coroutine-function": false}"#;

macro_rules! cases {
    ($($name:ident: $code:literal, $expected:literal $(, $wording:literal)? $(; $question:literal)?)+) => {
        &[$(Case {
            name: stringify!($name),
            code: $code,
            question: cases!(@question $($question)?),
            expected: $expected,
            wording: cases!(@wording $($wording)?),
        }),+]
    };
    (@question) => { PLAIN };
    (@question $question:literal) => { $question };
    (@wording) => { "" };
    (@wording $wording:literal) => { $wording };
}

/// Those that do no harm outside of their process, however little isolation there is.
pub(super) const CONTAINED: &[Case] = cases! {
    // Ways to end.
    exits: "import sys; sys.exit(0)", "exited", "code 0"
    exits_with_code: "import sys; sys.exit(3)", "exited", "code 3"
    exits_at_once: "import os; os._exit(0)", "exited", "code 0"
    exits_with_our_code: "import os; os._exit(97)", "nonsense"
    exits_by_name: "quit()", "exited"
    aborts: "import os; os.abort()", "signalled", "SIGABRT"
    segfaults: "import ctypes; ctypes.string_at(1)", "signalled", "SIGSEGV"
    kills_itself: "import os; os.kill(os.getpid(), 9)", "signalled", "SIGKILL"
    terminates_itself: "import os; os.kill(os.getpid(), 15)", "signalled", "SIGTERM"
    kills_its_group: "import os; os.killpg(0, 9)", "signalled", "SIGKILL"
    stops_itself: "import os; os.kill(os.getpid(), 19)", "timed-out", "wall clock"
    alarm: "import signal, time\nsignal.alarm(1)\ntime.sleep(60)", "signalled", "SIGALRM"
    raises_nonsense: "class E(BaseException):\n    def __str__(self): raise SystemExit(1)\n    __repr__ = __str__\nraise E", "import-failed", "E:"
    raises_exit_in_str: "import os\nclass E(Exception):\n    def __str__(self): os._exit(5)\nraise E", "exited", "code 5"
    interrupts: "raise KeyboardInterrupt", "import-failed", "KeyboardInterrupt"
    // Ways to hang.
    loops: "while True: pass", "timed-out"
    loops_deaf: "import signal\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\nwhile True: pass", "timed-out"
    sleeps: "import time; time.sleep(1000)", "timed-out"
    recurses: "def g(): g()\ng()", "import-failed", "RecursionError"
    recurses_deep: "import sys\nsys.setrecursionlimit(10**9)\nclass A:\n    def __getattr__(self, n): return getattr(self, n)\nimport re\ndef g(x): return g([x])\ntry: g(1)\nexcept MemoryError: raise SystemExit(9)", "recursed"
    waits_for_thread: "import threading\nthreading.Thread(target=threading.Event().wait).start()", "holds"
    waits_at_exit: "import atexit, threading\natexit.register(threading.Event().wait)", "holds"
    waits_for_lock: "import threading\nl = threading.Lock()\nl.acquire()\nl.acquire()", "timed-out"
    reads_input: "import sys\nassert sys.stdin.read() == ''", "holds"
    asks_for_input: "input()", "import-failed", "EOFError"
    // Floods.
    floods_stdout: "import os\nfor _ in range(2000): os.write(1, b'x' * 65536)", "holds"
    floods_stderr: "import os\nwhile True: os.write(2, b'x' * 65536)", "timed-out"
    prints_controls: "print('\\x1b]0;title\\x07\\x1b[2J\\u202e')", "holds"
    prints_garbage: "import os\nos.write(1, bytes(range(256)))", "holds"
    // Forgeries.
    forges_everywhere: "import os\nm = b'{\"found\": true, \"facts\": {\"is-coroutine-function\": true}}'\nfor d in range(256):\n    for p in (b'', len(m).to_bytes(4, 'little'), bytes(32) + len(m).to_bytes(4, 'little')):\n        try: os.write(d, p + m)\n        except OSError: pass", "holds"
    forges_then_exits: "import os\nfor d in range(256):\n    try: os.write(d, b'{\"found\": true}')\n    except OSError: pass\nos._exit(0)", "exited"
    closes_descriptors: "import os; os.closerange(0, 4096)", "nonsense", "closed the pipe"
    redirects_descriptors: "import os\nn = os.open('/dev/null', os.O_RDWR)\nfor d in range(3, 256):\n    if d != n:\n        try: os.fstat(d)\n        except OSError: continue\n        os.dup2(n, d)", "exited"
    steals_its_answer: "import os\ndef pipes():\n    for n in os.listdir('/proc/self/fd'):\n        try:\n            if int(n) > 2 and os.readlink('/proc/self/fd/' + n).startswith('pipe:'): yield int(n)\n        except OSError: pass\ndef forged(data):\n    return data.replace(b'\"is-coroutine-function\":false', b'\"is-coroutine-function\":true ')\nfor p in list(pipes()):\n    if os.fork() == 0:\n        r = os.open('/proc/self/fd/%d' % p, os.O_RDONLY)\n        os.write(p, forged(os.read(r, 1 << 20)))\n        os._exit(0)", "holds-or-fails"
    stands_between: "import os\ndef pipes():\n    for n in os.listdir('/proc/self/fd'):\n        try:\n            if int(n) > 2 and os.readlink('/proc/self/fd/' + n).startswith('pipe:'): yield int(n)\n        except OSError: pass\ndef forged(data):\n    return data.replace(b'\"is-coroutine-function\":false', b'\"is-coroutine-function\":true ')\na, b = os.pipe()\nfor p in list(pipes()):\n    if p not in (a, b):\n        real = os.dup(p)\n        os.dup2(b, p)\nif os.fork() == 0:\n    data = os.read(a, 1 << 20)\n    os.write(real, forged(data))\n    os._exit(0)", "exited"
    copy_answers_otherwise: "import os\nCOPY = os.fork() == 0\nif not COPY:\n    import time; time.sleep(0.3)\nelse:\n    async def g(): pass\ndef f(): pass\nif COPY: f.__code__ = g.__code__\n#", "holds"
    answers_twice: "import os\nos.fork()", "holds"
    // Lies.
    replaces_itself: "import sys\nclass Fake:\n    async def f(self): pass\nsys.modules[__name__] = Fake()", "holds"
    clears_modules: "import sys; sys.modules.clear()", "import-failed", "KeyError"
    patches_inspect: "import inspect, types\ninspect.iscoroutinefunction = inspect.signature = lambda *a, **k: True\ninspect.signature.__code__ = (lambda *a, **k: True).__code__", "holds"
    patches_builtins: "import builtins\nbuiltins.len = builtins.type = builtins.isinstance = builtins.repr = builtins.bool = builtins.sorted = lambda *a: 1", "holds"
    patches_import: "import builtins, sys\nbuiltins.__import__ = None\nsys.meta_path.clear()\nsys.path_hooks.clear()", "holds"
    patches_helpers: "import gc, types\nfor o in gc.get_objects():\n    if type(o) is types.FunctionType and 'python_helpers' in o.__code__.co_filename:\n        o.__code__ = (lambda *a, **k: {'found': True, 'facts': {'is-coroutine-function': True}}).__code__", "holds-or-fails"
    walks_the_stack: "import sys\nf = sys._getframe()\nwhile f:\n    assert 'python_helpers' not in f.f_code.co_filename or 'loader' in f.f_code.co_filename, f\n    f = f.f_back", "holds"
    forges_by_tracing: "import sys\ndef t(frame, *a):\n    if 'python_helpers' in frame.f_code.co_filename: frame.f_globals['facts'] = lambda x: {'is-coroutine-function': True}\n    return t\nsys.settrace(t)\nsys.setprofile(t)", "holds"
    forges_by_thread: "import sys, threading\ndef run():\n    while True:\n        for frame in sys._current_frames().values():\n            while frame:\n                if 'inspect_object' in frame.f_code.co_filename: frame.f_globals['facts'] = lambda x: {'is-coroutine-function': True}\n                frame = frame.f_back\nsys.setswitchinterval(1e-6)\nthreading.Thread(target=run, daemon=True).start()", "holds"
    forges_by_signal: "import signal\ndef t(s, frame):\n    while frame:\n        if 'inspect_object' in frame.f_code.co_filename: frame.f_globals['facts'] = lambda x: {'is-coroutine-function': True}\n        frame = frame.f_back\nsignal.signal(signal.SIGALRM, t)\nsignal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)", "holds"
    forges_by_collection: "import gc, sys\ndef t(phase, info):\n    frame = sys._getframe()\n    while frame:\n        if 'inspect_object' in frame.f_code.co_filename: frame.f_globals['facts'] = lambda x: {'is-coroutine-function': True}\n        frame = frame.f_back\ngc.callbacks.append(t)\ngc.set_threshold(1, 1, 1)", "holds"
    forges_by_audit_hook: "import sys\ndef forge(*a, **k):\n    frame = sys._getframe()\n    while frame:\n        if 'python_helpers' in frame.f_code.co_filename:\n            frame.f_globals['facts'] = lambda x: {'is-coroutine-function': True}\n            if 'told' in frame.f_locals: frame.f_locals['told']['is-coroutine-function'] = True\n            if 'told' in frame.f_locals: frame.f_locals['told']['bases'] = ['Forged']\n        frame = frame.f_back\nsys.addaudithook(forge)", "holds"
    forges_at_fork: "import sys\ndef forge(*a, **k):\n    frame = sys._getframe()\n    while frame:\n        if 'python_helpers' in frame.f_code.co_filename:\n            frame.f_globals['facts'] = lambda x: {'is-coroutine-function': True}\n            if 'told' in frame.f_locals: frame.f_locals['told']['is-coroutine-function'] = True\n            if 'told' in frame.f_locals: frame.f_locals['told']['bases'] = ['Forged']\n        frame = frame.f_back\nimport os, threading\ndef run():\n    while True: forge()\ndef start(): threading.Thread(target=run, daemon=True).start()\nos.register_at_fork(after_in_child=start)\nsys.setswitchinterval(1e-6)\nstart()", "holds-or-fails"
    forges_by_waiting_signal: "import sys\ndef forge(*a, **k):\n    frame = sys._getframe()\n    while frame:\n        if 'python_helpers' in frame.f_code.co_filename:\n            frame.f_globals['facts'] = lambda x: {'is-coroutine-function': True}\n            if 'told' in frame.f_locals: frame.f_locals['told']['is-coroutine-function'] = True\n            if 'told' in frame.f_locals: frame.f_locals['told']['bases'] = ['Forged']\n        frame = frame.f_back\nimport signal\nsignal.signal(signal.SIGUSR1, forge)\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])\nsignal.raise_signal(signal.SIGUSR1)", "holds"
    forges_by_interrupt: "import sys\ndef forge(*a, **k):\n    frame = sys._getframe()\n    while frame:\n        if 'python_helpers' in frame.f_code.co_filename:\n            frame.f_globals['facts'] = lambda x: {'is-coroutine-function': True}\n            if 'told' in frame.f_locals: frame.f_locals['told']['is-coroutine-function'] = True\n            if 'told' in frame.f_locals: frame.f_locals['told']['bases'] = ['Forged']\n        frame = frame.f_back\nimport signal, _thread\nsignal.signal(signal.SIGINT, forge)\n_thread.interrupt_main()", "holds"
    forges_by_key: "import sys\ndef forge(*a, **k):\n    frame = sys._getframe()\n    while frame:\n        if 'python_helpers' in frame.f_code.co_filename:\n            frame.f_globals['facts'] = lambda x: {'is-coroutine-function': True}\n            if 'told' in frame.f_locals: frame.f_locals['told']['is-coroutine-function'] = True\n            if 'told' in frame.f_locals: frame.f_locals['told']['bases'] = ['Forged']\n        frame = frame.f_back\nclass K(str):\n    __hash__ = lambda s: hash(str.__str__(s)[:-1])\n    def __eq__(s, o): forge(); return False\nfor n in ('f', 'facts', '_assay_stub', '__getattr__', '__module__', '__init__'): globals()[K(n + 'x')] = 1\n", "holds"
    forges_by_class_key: "import sys\ndef forge(*a, **k):\n    frame = sys._getframe()\n    while frame:\n        if 'python_helpers' in frame.f_code.co_filename:\n            frame.f_globals['facts'] = lambda x: {'is-coroutine-function': True}\n            if 'told' in frame.f_locals: frame.f_locals['told']['is-coroutine-function'] = True\n            if 'told' in frame.f_locals: frame.f_locals['told']['bases'] = ['Forged']\n        frame = frame.f_back\nclass K(str):\n    __hash__ = lambda s: hash(str.__str__(s)[:-1])\n    def __eq__(s, o): forge(); return False\nf = type('f', (), {K(n + 'x'): 1 for n in ('__module__', '__init__', '__new__', '_assay_stub', '__call__', '__dict__')})\n#", "holds"; r#"{"bases": ["object"], "type": "type"}"#
    forges_by_metaclass: "import sys\ndef forge(*a, **k):\n    frame = sys._getframe()\n    while frame:\n        if 'python_helpers' in frame.f_code.co_filename:\n            frame.f_globals['facts'] = lambda x: {'is-coroutine-function': True}\n            if 'told' in frame.f_locals: frame.f_locals['told']['is-coroutine-function'] = True\n            if 'told' in frame.f_locals: frame.f_locals['told']['bases'] = ['Forged']\n        frame = frame.f_back\nclass M(type):\n    __eq__ = __ne__ = lambda s, o: forge()\n    __hash__ = type.__hash__\n    __instancecheck__ = __subclasscheck__ = __contains__ = __bool__ = forge\n    mro = lambda s: type.mro(s)\nclass f(metaclass=M): pass\n#", "holds"; r#"{"bases": ["object"], "type": "M", "is-coroutine-function": false}"#
    forges_by_annotation: "import sys\ndef forge(*a, **k):\n    frame = sys._getframe()\n    while frame:\n        if 'python_helpers' in frame.f_code.co_filename:\n            frame.f_globals['facts'] = lambda x: {'is-coroutine-function': True}\n            if 'told' in frame.f_locals: frame.f_locals['told']['is-coroutine-function'] = True\n            if 'told' in frame.f_locals: frame.f_locals['told']['bases'] = ['Forged']\n        frame = frame.f_back\nimport typing\nclass M(type):\n    def __getattribute__(s, n): forge(); return type.__getattribute__(s, n)\n    __repr__ = forge\nclass D(metaclass=M): pass\ndef f(a: typing.Optional[D], b: typing.List[D] = None, c: 'list[D]' = 3): pass\ntyping._type_repr = typing._GenericAlias.__repr__ = typing.Union.__class__.__repr__ = forge\n#", "holds"; r#"{"is-coroutine-function": false, "annotations": {"a": "Optional[forges_by_annotation.D]", "b": "List[forges_by_annotation.D]"}}"#
    forges_by_default: "import sys\ndef forge(*a, **k):\n    frame = sys._getframe()\n    while frame:\n        if 'python_helpers' in frame.f_code.co_filename:\n            frame.f_globals['facts'] = lambda x: {'is-coroutine-function': True}\n            if 'told' in frame.f_locals: frame.f_locals['told']['is-coroutine-function'] = True\n            if 'told' in frame.f_locals: frame.f_locals['told']['bases'] = ['Forged']\n        frame = frame.f_back\nclass T(tuple):\n    __len__ = __iter__ = __getitem__ = __bool__ = forge\nclass W(dict):\n    __getitem__ = __contains__ = items = get = keys = __iter__ = forge\ndef f(a, b=2, *, c=3): pass\nf.__defaults__ = T((5,))\nf.__kwdefaults__ = W(c=6)\nf.__dict__ = W(__wrapped__=lambda: 1)\nf.__annotations__ = W(a=int)\n#", "holds"; r#"{"signature": "(a: int, b=5, *, c=6)", "is-coroutine-function": false}"#
    forges_by_constructor: "import sys\ndef forge(*a, **k):\n    frame = sys._getframe()\n    while frame:\n        if 'python_helpers' in frame.f_code.co_filename:\n            frame.f_globals['facts'] = lambda x: {'is-coroutine-function': True}\n            if 'told' in frame.f_locals: frame.f_locals['told']['is-coroutine-function'] = True\n            if 'told' in frame.f_locals: frame.f_locals['told']['bases'] = ['Forged']\n        frame = frame.f_back\nimport threading\nclass f:\n    def __init__(self): forge(); self.t = threading.Thread(target=self.run, daemon=False)\n    def run(self): pass\n    __dict__ = property(forge)\n#", "holds"; r#"{"thread": {"attribute": "t", "target": "run", "daemon": false, "started": false}}"#
    forges_by_loader: "import sys\nfor finder in sys.meta_path:\n    space = getattr(getattr(finder, 'find_spec', None), '__globals__', {})\n    for name in ('module', 'learn', '_inside'):\n        if name in space and '_state' in space: space[name] = lambda *a: None\n    if '_state' in space: space['_state'].clear()\nasync def fake(): pass\nsys.modules[__name__].__loader__ = None", "holds"
    forges_by_message: "class E(ValueError):\n    def __str__(self):\n        import sys\n        frame = sys._getframe()\n        while frame:\n            if 'told' in frame.f_locals: frame.f_locals['told'].update(type='Forged', bases=['Forged'])\n            frame = frame.f_back\n        return 'm'\nraise E", "import-failed", "E: m"
    names_itself_otherwise: "import sys, types\n__file__ = '/elsewhere.py'\n__spec__.origin = '/elsewhere.py'\n__spec__.name = __name__ = 'other'\ndel sys.modules['names_itself_otherwise']\nsys.modules['names_itself_otherwise'] = types.ModuleType('names_itself_otherwise')", "import-failed-or-holds"; r#"{"is-coroutine-function": false}"#
    import_hook: "import sys, importlib.abc\nclass H(importlib.abc.MetaPathFinder):\n    def find_spec(self, *a): raise SystemExit(7)\nsys.meta_path.insert(0, H())", "holds"
    lying_code: "def f(): pass\nasync def g(): pass\nf.__code__ = g.__code__\n#", "holds"; r#"{"is-coroutine-function": true}"#
    lying_wrapper: "def other(x, y): pass\ndef f(a): pass\nf.__wrapped__ = other\n#", "holds"; r#"{"signature": "(a)"}"#
    honest_wrapper: "import functools\ndef d(g):\n    @functools.wraps(g)\n    def w(*a, **k): return g(*a, **k)\n    return w\n@d\nasync def f(a, b=1): pass\n#", "holds"; r#"{"signature": "(a, b=1)", "is-coroutine-function": false}"#
    lying_origin: "def f(): pass\nf.__module__ = 'os'\nf.__qualname__ = f.__name__ = 'path'\n#", "holds"; r#"{"origin": "lying_origin"}"#
    lying_module_name: "__name__ = 'trusted'\n", "does-not-hold"; r#"{"origin": "trusted"}"#
    lying_class_origin: "class f: pass\nf.__module__ = 'os'\n#", "no-origin"; r#"{"origin": "os"}"#
    lying_method_origin: "class f:\n    def g(self): pass\nf.__module__ = 'os'\n#", "no-origin"; r#"{"origin": "os"}"#
    lying_mro: "class B: pass\nclass M(type):\n    __bases__ = property(lambda s: (int,))\n    __subclasses__ = lambda s: []\n    def __subclasscheck__(s, o): return True\nclass f(B, metaclass=M): __bases__ = (dict,)\n#", "holds"; r#"{"bases": ["B"], "mro": ["f", "B", "object"]}"#
    answers_when_asked: "def __getattr__(name):\n    return lambda: 1\n#", "dynamic"; r#"{"exists": true}"#
    shadowed_inspect: "import sys, types\nfor n in ('inspect', 'types', 'builtins', 'typing', 'json', 'os', 'sys', 'functools', 'enum', 'threading'):\n    sys.modules[n] = types.SimpleNamespace(iscoroutinefunction=lambda f: True)", "holds"
    patched_types: "import types, threading, enum, functools, json\nfor m in (types, threading, enum, functools, json):\n    for n in list(vars(m)):\n        if not n.startswith('__'): setattr(m, n, lambda *a, **k: True)", "holds"
    module_answers_all: "def __getattr__(name): return 1", "holds"; r#"{"exists": true, "callable": true}"#
    invented_name: "def __getattr__(name): return 1\ndef g(): pass", "holds"
    lying_class: "class M(type):\n    __mro__ = (int,)\n    def __getattribute__(self, n): raise SystemExit(2)\n    def __instancecheck__(self, o): return True\nclass f(metaclass=M):\n    __class__ = int\n    __signature__ = 3\n    def __getattribute__(self, n): raise SystemExit(2)\n#", "holds"; r#"{"bases": ["object"], "type": "M"}"#
    lying_function: "def f(a, b=2): pass\nf.__signature__ = None\nf.__class__\nimport inspect\ninspect.markcoroutinefunction(f) if hasattr(inspect, 'markcoroutinefunction') else None\n#", "holds"; r#"{"signature": "(a, b=2)", "is-coroutine-function": false}"#
    hostile_default: "import os\nclass D:\n    def __repr__(self): os._exit(1)\n    __eq__ = __hash__ = __bool__ = __len__ = __str__ = __repr__\ndef f(a=D()): pass\n#", "holds"; r#"{"defaults": {"a": "<hostile_default.D object>"}}"#
    hostile_annotation: "import os\nclass M(type):\n    def __repr__(self): os._exit(1)\nclass D(metaclass=M): pass\ndef f(a: D, b: 'os._exit(1)') -> D: pass\n#", "holds"; r#"{"annotations": {"a": "hostile_annotation.D"}}"#
    huge_repr: "f = 'a' * 10**8\n#", "holds"; r#"{"type": "str"}"#
    huge_number: "f = 1 << 10**7\n#", "holds"; r#"{"value": "<int of 10000001 bits>"}"#
    endless_nesting: "f = []\nf.append(f)\n#", "holds"; r#"{"type": "list"}"#
    // Texts.
    broken: "def g(:", "import-failed", "SyntaxError"
    mixed_tabs: "if True:\n\tx = 1\n        y = 2", "import-failed", "TabError"
    null_byte: "x = 1\u{0}", "import-failed"
    unknown_coding: "# coding: nothing-like-that\nx = 1", "import-failed", "SyntaxError"
    utf_seven: "# coding: utf-7\nx = '+AOk-'\nassert ord(x) == 233", "holds"
    not_a_text_coding: "# coding: rot13\nx = 1", "import-failed", "SyntaxError"
    bare_returns: "x = 1\rassert x == 1\r", "holds"
    end_of_file_sign: "x = 1\n\x1a", "import-failed", "SyntaxError"
    other_coding_than_its_mark: "\u{feff}# coding: latin-1\nx = 1", "import-failed", "SyntaxError"
    byte_order_mark: "\u{feff}x = 'é'", "holds"
    deep_brackets: "x = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "import-failed", "SyntaxError"
    // Names.
    queue: "import json, logging", "holds"
    random: "", "holds"
    uuid: "", "holds"
    cycle: "import cycle_other", "holds"
    imports_fifo: "import fifo_module", "import-failed", "fifo_module"
    imports_directory: "import directory_module", "import-failed", "directory_module"
    imports_link_out: "import link_out", "holds"
    os: "", "foreign-file"
    sys: "", "foreign-file"
};

/// Those that only isolation keeps from doing harm.
pub(super) const HARMFUL: &[Case] = cases! {
    // Ways to end.
    kills_its_parent: "import os\ntry: os.kill(os.getppid(), 9)\nexcept OSError: pass", "holds"
    kills_everybody: "import os\ntry: os.kill(-1, 9)\nexcept OSError: pass", "holds"
    stops_its_parent: "import os\ntry: os.kill(os.getppid(), 19)\nexcept OSError: pass", "holds"
    // Bombs.
    takes_memory: "x = bytearray(1 << 40)", "memory-limit"
    takes_memory_slowly: "x = []\nwhile True: x.append(bytes(1 << 29))", "memory-limit"
    fork_bomb: "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", "process-limit"
    thread_bomb: "import threading\ne = threading.Event()\nwhile True: threading.Thread(target=e.wait).start()", "import-failed", "thread"
    giant_file: "f = open('big', 'wb')\nwhile True: f.write(bytes(1 << 20))", "import-failed", "File too large"
    sparse_file: "f = open('big', 'wb')\nf.truncate(1 << 40)", "import-failed", "File too large"
    many_descriptors: "import os\nwhile True: os.open('/dev/null', 0)", "import-failed", "Too many open files"
    deep_directories: "import os\nfor i in range(300):\n    os.mkdir('d'); os.chdir('d')\nos.chmod('.', 0)", "holds"
    // Forgeries.
    reads_own_memory: "try: open('/proc/self/mem', 'rb')\nexcept OSError: pass\nelse: raise SystemExit('opened')\nimport os\ntry: open('/proc/self/task/%d/mem' % os.getpid(), 'rb')\nexcept OSError: pass\nelse: raise SystemExit('opened')\nif os.fork() == 0:\n    try: open('/proc/self/mem', 'rb')\n    except OSError: os._exit(0)\n    os.kill(os.getppid(), 9)\nassert os.wait()[1] == 0\nassert open('/proc/self/status').read() and open('/proc/meminfo').read()", "holds"
    // Descendants.
    leaves_a_grandchild: "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0: time.sleep(1000)\n    os._exit(0)", "holds"
    leaves_a_daemon: "import subprocess\nsubprocess.Popen(['sleep', '1000'], start_new_session=True, close_fds=False)", "holds"
    grandchild_keeps_pipe: "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(1000)\nos._exit(4)", "exited", "code 4"
    runs_a_program: "import subprocess\nassert subprocess.run(['true']).returncode == 0", "holds"
    // Ways out.
    reads_environment: "import os, glob\nassert not [n for n in os.environ if n.startswith(('CARGO', 'RUST', 'LD_', 'ASSAY', 'SSH'))], dict(os.environ)\nfor p in glob.glob('/proc/*/environ'):\n    try: assert b'CARGO' not in open(p, 'rb').read(), p\n    except OSError: pass", "holds"
    reads_parent_memory: "import os\nfor p in ('/proc/1/mem', '/proc/%d/mem' % os.getppid()):\n    try: open(p, 'rb')\n    except OSError: continue\n    raise SystemExit('opened ' + p)", "holds"
    reads_parent_descriptors: "import os, glob\nfor p in glob.glob('/proc/1/fd/*'):\n    try: os.readlink(p)\n    except OSError: continue\n    raise SystemExit('read ' + p)", "holds"
    sees_other_processes: "import os\nassert len([n for n in os.listdir('/proc') if n.isdigit()]) <= 2, os.listdir('/proc')", "holds"
    writes_own_source: "open(__file__, 'a').write('# changed')", "harmless"
    writes_beside_source: "import os\nopen(os.path.join(os.path.dirname(__file__), 'new.py'), 'w')", "harmless"
    removes_own_source: "import os; os.remove(__file__)", "harmless"
    changes_mode: "import os; os.chmod(__file__, 0o777)", "harmless"
    changes_times: "import os; os.utime(__file__, (1, 1))", "harmless"
    links_own_source: "import os\nos.link(__file__, 'l')", "import-failed", "Errno"
    writes_through_link: "import os\nos.symlink(__file__, 'l')\nopen('l', 'a')", "harmless"
    writes_home: "open('/root/assay-hostile', 'w')", "import-failed", "Errno"
    writes_tmp: "open('/tmp/assay-hostile', 'w')", "import-failed", "Errno"
    writes_etc: "open('/etc/passwd', 'a')", "import-failed", "Errno"
    writes_everywhere: "import os, sys\nfor d in ('/', '/bin', '/dev', '/dev/shm', '/etc', '/home', '/lib', '/mnt', '/opt', '/proc', '/root', '/run', '/srv', '/sys', '/tmp', '/usr/lib', '/var', '/var/log', '/var/tmp', sys.prefix, os.path.dirname(os.__file__)):\n    for make in (lambda p: open(p, 'w').write('x'), os.mkdir, os.mkfifo, lambda p: os.symlink('/', p)):\n        try: make(d + '/assay-hostile')\n        except OSError: pass", "holds"
    writes_own_home: "import os\nopen(os.path.expanduser('~/x'), 'w').write('x')\nimport tempfile\ntempfile.mkstemp()", "holds"
    removes_its_home: "import os, shutil\nshutil.rmtree(os.environ['HOME'])\nshutil.rmtree(os.environ['TMPDIR'])", "holds"
    reads_shadow: "open('/etc/shadow')", "import-failed", "Errno"
    reads_home: "import os\nassert not os.path.exists('/root/.ssh') and not os.path.exists('/root/.cargo')", "holds"
    listens: "import socket\ns = socket.create_server(('0.0.0.0', 80)) if False else socket.create_server(('0.0.0.0', 8080))\nc = socket.create_connection(('127.0.0.1', 8080))", "holds"
    connects_to_host: "import socket\ntry: socket.create_connection(('127.0.0.1', HOST_PORT), 1)\nexcept OSError: pass\nelse: raise SystemExit('connected')", "holds"
    connects_to_host_socket: "import socket\ns = socket.socket(socket.AF_UNIX)\ntry: s.connect('HOST_SOCKET')\nexcept OSError: pass\nelse: raise SystemExit('connected')", "holds"
    connects_to_world: "import socket\ntry: socket.create_connection(('1.1.1.1', 53), 1)\nexcept OSError: pass\nelse: raise SystemExit('connected')", "holds"
    asks_for_names: "import socket\nsocket.getaddrinfo('example.org', 80)", "import-failed", "gaierror"
    opens_raw_socket: "import socket\ntry: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\nexcept OSError: pass\nelse: raise SystemExit('opened')", "holds"
    refused_calls: "import ctypes\nc = ctypes.CDLL(None, use_errno=True)\nassert c.ptrace(0, 0, 0, 0) == -1\nassert c.unshare(0x10000000) == -1\nassert c.mount(b'none', b'/', b'tmpfs', 0, None) == -1\nassert c.setns(0, 0) == -1\nassert c.chroot(b'/') == -1\nassert c.keyctl(0) == -1 if hasattr(c, 'keyctl') else True\nassert c.process_vm_readv(1, None, 0, None, 0, 0) == -1", "holds"
    gains_privileges: "import ctypes, os\nc = ctypes.CDLL(None)\nassert c.prctl(39, 0, 0, 0, 0) == 1\nfor call in (lambda: os.setuid(12345), lambda: os.chown('.', 12345, 1)):\n    try: call()\n    except OSError: continue\n    raise SystemExit('privileged')", "holds"
};
