"""Proves that a crafted message runs code in FusedAudioPreprocessor's loop.

The message is the audit's own demonstration with a harmless effect: it creates a file in the
scratch directory. The loop is the real one, its socket a fake that delivers one message.
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
    module = context.load("main_pc_code.agents.fused_audio_preprocessor")
    marker = os.path.join(str(context.scratch), "unpickled")
    messages = [pickle.dumps(Crafted(marker))]

    def receive(*arguments, **keywords):
        if messages:
            return messages.pop()
        agent._running = False
        raise RuntimeError("no further message")

    agent = context.fake(_running=True, sub_socket=context.fake(recv=receive))
    try:
        module.FusedAudioPreprocessor.process_audio_loop(agent)
    except Exception:
        pass  # what the loop makes of the message is not the question
    if os.path.exists(marker):
        return context.holds("the message created a file while it was read")
    return context.does_not_hold("the message was read and had no effect")
