"""Proves that ExecutorAgent cannot be constructed: it opens a socket on a context that is None."""


def probe(context):
    context.discard_files()
    context.replace("common.config_manager", load_unified_config=lambda *arguments, **keywords: {})
    module = context.load("main_pc_code.agents.executor")
    # There is nobody to register with; how long an agent waits for an answer is not the question.
    module.ExecutorAgent.send_request_to_agent = unanswered
    try:
        module.ExecutorAgent(port=context.free_port())
    except AttributeError as error:
        if "'NoneType' object has no attribute 'socket'" in str(error):
            return context.holds(f"the constructor raised AttributeError: {error}")
        return context.could_not(f"something else failed first: {error}")
    except Exception as error:
        return context.could_not(f"something else failed first: {type(error).__name__}: {error}")
    return context.does_not_hold("the agent was constructed")


def unanswered(agent, *arguments, **keywords):
    raise TimeoutError("nobody answers")
