"""Proves that ExecutorAgent cannot be constructed: it opens a socket on a context that is None."""


def probe(context):
    without_configuration(context)
    module = context.load("main_pc_code.agents.executor")
    try:
        module.ExecutorAgent(port=context.free_port())
    except AttributeError as error:
        if "'NoneType' object has no attribute 'socket'" in str(error):
            return context.holds(f"the constructor raised AttributeError: {error}")
        return context.could_not(f"something else failed first: {error}")
    except Exception as error:
        return context.could_not(f"something else failed first: {type(error).__name__}: {error}")
    return context.does_not_hold("the agent was constructed")


def without_configuration(context):
    """Loads the module's configuration as empty where it is shipped in a state that cannot be loaded."""
    try:
        manager = context.load("common.config_manager")
    except ImportError:
        return
    manager.load_unified_config = lambda *arguments, **keywords: {}
