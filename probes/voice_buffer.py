"""Asks whether more than one thread takes from the voice buffer.

The analyzer starts its voice thread itself, as it would with a voice model. The buffer notes who
takes from it; it can be a list or a queue. Nothing in the target fills it, so the probe does, and
the target's pauses are shortened.
"""

import queue
import threading
import time


class Watched(list):
    """A buffer that notes which threads take from it, and what went wrong."""

    def __init__(self, items):
        super().__init__(items)
        self.takers = set()
        self.errors = []

    def pop(self, index=-1):
        self.takers.add(threading.current_thread().name)
        try:
            return super().pop(index)
        except IndexError as error:
            self.errors.append(str(error))
            raise

    def get(self, block=True, timeout=None):
        self.takers.add(threading.current_thread().name)
        if self:
            return super().pop(0)
        time.sleep(timeout or 0.1)
        raise queue.Empty


def probe(context):
    context.discard_files()
    context.replace("common.config_manager", load_unified_config=lambda *arguments, **keywords: {})
    pause = time.sleep
    time.sleep = lambda seconds: pause(seconds / 10)
    module = context.load("main_pc_code.agents.face_recognition_agent")
    analyzer = module.EmotionAnalyzer.__new__(module.EmotionAnalyzer)
    analyzer.voice_buffer = watched = Watched(range(3))
    analyzer._voice_stop = threading.Event()
    analyzer._start_voice_processing()
    deadline = time.monotonic() + 3
    while watched and time.monotonic() < deadline:
        pause(0.005)
    # Long enough for another to come along several times.
    pause(0.1)
    if len(watched.takers) > 1 or watched.errors:
        return context.holds(f"{len(watched.takers)} threads take from the buffer; errors: {watched.errors}")
    if watched:
        return context.could_not("nothing took from the buffer")
    return context.does_not_hold("one thread emptied the buffer and then left it alone; nothing else touched it")
