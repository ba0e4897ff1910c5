"""Proves that a REST server without an API key answers protected routes to anybody."""


def probe(context):
    module = context.load("model_ops_coordinator.transport.rest_api")
    if context.is_stub(module.FastAPI):
        return context.could_not("answering is FastAPI's work, and it is a stub here")
    from fastapi.testclient import TestClient

    kernel = context.fake(get_system_status=lambda: {"healthy": True}, is_healthy=lambda: True)
    try:
        server = module.RESTAPIServer(kernel)
    except AttributeError as error:
        return context.could_not(f"something else fails first, the server cannot be constructed: {error}")
    except Exception as error:
        return context.does_not_hold(f"without a key there is no server: {type(error).__name__}: {error}")
    status = TestClient(server.app).get("/status").status_code
    if status == 200:
        return context.holds("GET /status answers 200 without any credentials")
    if status in (401, 403):
        return context.does_not_hold(f"GET /status answers {status} without credentials")
    return context.could_not(f"GET /status answers {status}, which tells nothing about credentials")
