"""Proves that FaceRecognitionAgent opens a socket on a context that is None.

The endpoint and the pool are supplied, so that the lines behind the missing endpoint are reached.
"""

import importlib


def probe(context):
    context.discard_files()
    context.replace("common.config_manager", load_unified_config=lambda *arguments, **keywords: {})
    module = context.load("main_pc_code.agents.face_recognition_agent")
    agent = module.FaceRecognitionAgent.__new__(module.FaceRecognitionAgent)
    agent.port, agent.zmq_timeout = 5610, 5000
    agent.endpoint = "tcp://127.0.0.1:5610"
    agent.context = agent.socket = context.fake()
    agent.error_publisher = context.fake()
    if hasattr(module, "get_rep_socket"):
        module.get_rep_socket = lambda *arguments, **keywords: context.fake(socket=context.fake())
    error, told = opened(agent), {}
    if isinstance(error, NameError) and "'zmq'" in str(error):
        # A defect of its own, which hides this one.
        told["as_shipped"] = f"_init_zmq raised NameError: {error}; here the module has it"
        module.zmq = importlib.import_module("zmq")
        error = opened(agent)
    if error is None:
        return context.does_not_hold("_init_zmq opened all its sockets", **told)
    if isinstance(error, AttributeError) and "'NoneType' object has no attribute 'socket'" in str(error):
        return context.holds(f"_init_zmq raised AttributeError: {error}", **told)
    return context.could_not(f"something else failed first: {type(error).__name__}: {error}", **told)


def opened(agent):
    """What opening the sockets raises."""
    try:
        agent._init_zmq()
    except Exception as error:
        return error
