"""Proves that EmotionEngine cannot open its sockets, because self.endpoint is not there.

The constructor's other work is left out: setup_zmq runs on an instance that has what BaseAgent's
constructor would have given it. It swallows the exception, so the log tells which one it was.
"""

import logging


def probe(context):
    context.discard_files()
    context.replace("common.config_manager", load_unified_config=lambda *arguments, **keywords: {})
    module = context.load("main_pc_code.agents.emotion_engine")
    engine = module.EmotionEngine.__new__(module.EmotionEngine)
    engine.name, engine.port, engine.health_port, engine.pub_port = "EmotionEngine", 5590, 5591, 5592
    engine.running = True
    engine.context = engine.socket = engine.health_socket = context.fake()
    engine.cleanup = lambda: None

    messages = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())
    module.logger.addHandler(handler)
    try:
        opened = engine.setup_zmq()
    except AttributeError as error:
        opened, messages = False, [str(error)]

    if opened:
        return context.does_not_hold("setup_zmq opened its sockets")
    missing = [message for message in messages if "endpoint" in message]
    if missing:
        return context.holds(f"setup_zmq gave up: {missing[0]}")
    return context.could_not(f"something else failed first: {'; '.join(messages) or 'nothing was logged'}")
