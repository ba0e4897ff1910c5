"""Asks whether more than one thread takes from the voice buffer.

The analyzer starts its own thread, as if there were a voice model; the buffer notes who pops.
Nothing in the target fills it, so the probe does.
"""

import threading
import time


class Watched(list):
    """A list that notes which threads take from it, and what went wrong."""

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


def probe(context):
    module = context.load("main_pc_code.agents.face_recognition_agent")

    class WithVoice(module.EmotionAnalyzer):
        def _load_emotion_model(self):
            return None

        def _load_voice_model(self):
            return object()

    analyzer = WithVoice({"voice": True, "voice_integration": {"enabled": True}})
    if not isinstance(analyzer.voice_buffer, list):
        return context.does_not_hold(f"the buffer is a {type(analyzer.voice_buffer).__name__}, which locks by itself")
    watched = analyzer.voice_buffer = Watched(range(3))
    deadline = time.monotonic() + 3
    while watched and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.25)
    if len(watched.takers) > 1 or watched.errors:
        return context.holds(f"{len(watched.takers)} threads pop from the buffer; errors: {watched.errors}")
    if watched:
        return context.could_not("nothing took from the buffer")
    return context.does_not_hold("one thread emptied the buffer and then left it alone; nothing else touched it")
