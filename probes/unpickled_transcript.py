"""Proves that a crafted message runs code in StreamingInterruptHandler's loop.

As for the audio preprocessor: the real loop, one message from a fake socket, a file as the effect.
"""

import os
import pickle


class Crafted:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return open, (self.marker, "w")


def probe(context):
    context.discard_files()
    context.replace("common.config_manager", load_unified_config=lambda *arguments, **keywords: {})
    module = context.load("main_pc_code.agents.streaming_interrupt_handler")
    marker = os.path.join(str(context.scratch), "unpickled")
    messages = [pickle.dumps(Crafted(marker))]

    def receive(*arguments, **keywords):
        if messages:
            return messages.pop()
        handler.running = False
        raise RuntimeError("no further message")

    handler = context.fake(running=True, sub_socket=context.fake(recv=receive), cleanup=lambda: None)
    try:
        module.StreamingInterruptHandler.run(handler)
    except Exception:
        pass  # what the loop makes of the message is not the question
    if os.path.exists(marker):
        return context.holds("the message created a file while it was read")
    return context.does_not_hold("the message was read and had no effect")
