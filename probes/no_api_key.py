"""Proves that a REST server without an API key answers protected routes to anybody."""


def probe(context):
    module = context.load("model_ops_coordinator.transport.rest_api")
    if context.is_stub(module.FastAPI):
        return context.could_not("answering is FastAPI's work, and it is a stub here")
    from fastapi.testclient import TestClient

    kernel = context.fake(get_system_status=lambda: {"healthy": True}, is_healthy=lambda: True)
    try:
        server, told = server_of(module, kernel)
    except Exception as error:
        return context.does_not_hold(f"without a key there is no server: {type(error).__name__}: {error}")
    client = TestClient(server.app, raise_server_exceptions=False)
    status = client.get("/status").status_code
    if status == 200:
        return context.holds("GET /status answers 200 without any credentials", **told)
    # What comes back of a fake may be more than the route can write: a body that is refused for
    # its content has passed the authentication as well.
    posted = client.post("/inference", json={}).status_code
    if 401 in (status, posted) or 403 in (status, posted):
        return context.does_not_hold(f"/status answers {status}, /inference {posted} without credentials", **told)
    if posted == 422:
        return context.holds("POST /inference reads the body of a request without any credentials", **told)
    return context.could_not(f"/status answers {status}, /inference {posted}, which tells nothing", **told)


def server_of(module, *arguments, **settings):
    """The server, and what had to be put right before it could be constructed."""
    kind = module.RESTAPIServer
    try:
        return kind(*arguments, **settings), {}
    except AttributeError as error:
        if "_auth_dependency" not in str(error):
            raise
        problem = str(error)
    set_up_routes = kind._setup_routes

    def in_order(server):
        server._setup_authentication()
        set_up_routes(server)

    kind._setup_routes = in_order
    told = f"the server cannot be constructed: {problem}; here authentication is set up before the routes"
    return kind(*arguments, **settings), {"as_shipped": told}
