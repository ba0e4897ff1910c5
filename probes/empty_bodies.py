"""Asks what the REST server answers to a missing, an empty and a malformed body, on every POST route."""

BODIES = {"missing": None, "empty": b"", "malformed": b"{", "an empty object": b"{}"}


def probe(context):
    module = context.load("model_ops_coordinator.transport.rest_api")
    if context.is_stub(module.FastAPI):
        return context.could_not("reading bodies is FastAPI's work, and it is a stub here")
    from fastapi.testclient import TestClient

    try:
        server, told = server_of(module, context.fake(), api_key="secret")
    except Exception as error:
        return context.could_not(
            f"something else fails first, the server cannot be constructed: {type(error).__name__}: {error}"
        )
    client = TestClient(server.app, raise_server_exceptions=False)
    headers = {"Authorization": "Bearer secret", "Content-Type": "application/json"}
    routes = sorted(route.path for route in server.app.routes if "POST" in (getattr(route, "methods", None) or ()))
    failures, statuses = [], set()
    for path in routes:
        for kind, body in BODIES.items():
            status = client.post(path, content=body, headers=headers).status_code
            statuses.add(status)
            if status >= 500:
                failures.append(f"{path} with a body that is {kind}: {status}")
    if not routes:
        return context.could_not("there are no POST routes")
    if failures:
        return context.holds("; ".join(failures), **told)
    return context.does_not_hold(
        f"{len(routes)} POST routes answer {sorted(statuses)} to bodies that are no request", **told
    )

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
