"""Proves that the REST server tells browsers that a page of any origin may read its answers."""


def probe(context):
    module = context.load("model_ops_coordinator.transport.rest_api")
    if context.is_stub(module.FastAPI):
        return context.could_not("the headers are FastAPI's work, and it is a stub here")
    from fastapi.testclient import TestClient

    kernel = context.fake(is_healthy=lambda: True)
    try:
        server, told = server_of(module, kernel, api_key="secret")
    except Exception as error:
        return context.could_not(
            f"something else fails first, the server cannot be constructed: {type(error).__name__}: {error}"
        )
    origin = "https://elsewhere.example"
    headers = TestClient(server.app).get("/health", headers={"Origin": origin}).headers
    allowed = headers.get("access-control-allow-origin")
    if allowed in ("*", origin):
        return context.holds(f"a page of {origin} may read the answer: allowed is {allowed!r}", **told)
    return context.does_not_hold(f"a page of {origin} may not read the answer: allowed is {allowed!r}", **told)

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
